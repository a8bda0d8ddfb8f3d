"""Writes Tests/Fixtures/images: small files of every kind that is read, and what Pillow makes of them.

NAME.png|jpg is the file, NAME.u8 the expected grey bytes (16-bit files: NAME.u16, little endian).
resize-wxh.u8 is resize-source-203x151.u8 after Pillow's BILINEAR, bicubic-wxh.u8 after its BICUBIC, and
bicubic-edges-wxh.u8 the same of the source made black and white at 128, whose overshoots are cut off.
orientation-N.jpg is one JPEG with EXIF orientation N, orientation-N.u8 what Pillow's exif_transpose makes of it.
clahe-*.u8 is OpenCV's CLAHE of the source's upper left corner, percentile-*.u8 NumPy's percentiles of it.

    python Tools/reference/image_files.py

Needs Pillow, NumPy and opencv-python-headless.
"""

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps

FOLDER = Path(__file__).resolve().parents[2] / "Tests" / "Fixtures" / "images"
WIDTH, HEIGHT = 37, 29


def scene(width, height):
    """A smooth scene with edges and noise, in colour."""
    y, x = np.mgrid[0:height, 0:width].astype(float)
    rng = np.random.default_rng(7)
    red = 127 + 120 * np.sin(x / 5) * np.cos(y / 7)
    green = 255 * x / max(width - 1, 1)
    blue = np.where((x - width / 2) ** 2 + (y - height / 2) ** 2 < (height / 3) ** 2, 220.0, 40.0)
    image = np.stack([red, green, blue], -1) + rng.normal(0, 6, (height, width, 3))
    return image.clip(0, 255).astype(np.uint8)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, depth, colour, interlaced, rows):
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


def adam7(grey):
    rows = b""
    for x0, y0, dx, dy in [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]:
        for row in grey[y0::dy, x0::dx]:
            if row.size:
                rows += b"\0" + row.tobytes()
    return png(grey.shape[1], grey.shape[0], 8, 0, True, rows)


def filtered(grey, pixel_bytes, first=0):
    """Rows of bytes with PNG's five filters in turn."""
    rows, above = b"", np.zeros(grey.shape[1], int)
    for y, row in enumerate(grey.astype(int)):
        left = np.concatenate([np.zeros(pixel_bytes, int), row[:-pixel_bytes]])
        corner = np.concatenate([np.zeros(pixel_bytes, int), above[:-pixel_bytes]])
        distances = np.abs(np.stack([above - corner, left - corner, left + above - 2 * corner]))
        nearest = np.choose(np.argmin(distances, 0), [left, above, corner])
        kind = (y + first) % 5
        predicted = [0 * row, left, above, (left + above) // 2, nearest][kind]
        rows += bytes([kind]) + ((row - predicted) & 255).astype(np.uint8).tobytes()
        above = row
    return rows


def luminance(colour):
    red, green, blue = (colour[..., i].astype(np.uint32) for i in range(3))
    return ((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16).astype(np.uint16)


def more_kinds(colour, grey):
    """Kinds whose bytes are written here, since Pillow does not write them."""
    pixels = np.asarray(grey)
    alpha = np.stack([pixels, pixels[::-1]], -1)
    (FOLDER / "grey-alpha.png").write_bytes(
        png(WIDTH, HEIGHT, 8, 4, False, b"".join(b"\0" + row.tobytes() for row in alpha)))
    (FOLDER / "grey-alpha.u8").write_bytes(pixels.tobytes())
    for bits, name in [(2, "two-bit"), (4, "four-bit")]:
        values = pixels >> (8 - bits)
        per_byte = 8 // bits
        padded = np.pad(values, ((0, 0), (0, -WIDTH % per_byte)))
        packed = sum(padded[:, i::per_byte].astype(int) << (8 - bits * (i + 1)) for i in range(per_byte))
        rows = b"".join(b"\0" + row.tobytes() for row in packed.astype(np.uint8))
        (FOLDER / f"{name}.png").write_bytes(png(WIDTH, HEIGHT, bits, 0, False, rows))
        (FOLDER / f"{name}.u8").write_bytes((values * (255 // (2 ** bits - 1))).astype(np.uint8).tobytes())
    wide = np.asarray(colour).astype(np.uint16) * 257 + np.arange(WIDTH, dtype=np.uint16)[None, :, None]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in wide)
    (FOLDER / "rgb-sixteen-bit.png").write_bytes(png(WIDTH, HEIGHT, 16, 2, False, rows))
    (FOLDER / "rgb-sixteen-bit.u16").write_bytes(luminance(wide).astype("<u2").tobytes())
    # 61 rows: every filter in every place of the eight rows that are undone together, and some left over.
    tall = np.asarray(colour.resize((43, 61)).convert("L"))
    (FOLDER / "filters.png").write_bytes(png(43, 61, 8, 0, False, filtered(tall, 1)))
    (FOLDER / "filters.u8").write_bytes(tall.tobytes())
    words = (tall.astype(np.uint16) * 257 + np.arange(43, dtype=np.uint16)[None, :]).astype(np.uint16)
    swapped = np.frombuffer(words.astype(">u2").tobytes(), np.uint8).reshape(61, 86)
    (FOLDER / "filters-sixteen-bit.png").write_bytes(png(43, 61, 16, 0, False, filtered(swapped, 2, first=3)))
    (FOLDER / "filters-sixteen-bit.u16").write_bytes(words.astype("<u2").tobytes())


def orientations(grey):
    for orientation in range(1, 9):
        order = ">" if orientation % 2 else "<"
        tiff = (b"MM" if order == ">" else b"II") + struct.pack(order + "HI", 42, 8)
        tiff += struct.pack(order + "HHHIHHI", 1, 0x0112, 3, 1, orientation, 0, 0)
        file = FOLDER / f"orientation-{orientation}.jpg"
        grey.save(file, quality=90, exif=b"Exif\0\0" + tiff)
        upright = ImageOps.exif_transpose(Image.open(file))
        (FOLDER / f"orientation-{orientation}.u8").write_bytes(upright.tobytes())


def options(source):
    pixels = np.asarray(source)
    for width, height, limit, columns, rows in [(96, 64, 2, 8, 8), (101, 75, 2, 8, 8), (101, 75, 40, 3, 5), (96, 64, 0, 4, 2)]:
        equalized = cv2.createCLAHE(float(limit), (columns, rows)).apply(np.ascontiguousarray(pixels[:height, :width]))
        (FOLDER / f"clahe-{width}x{height}-{limit}-{columns}x{rows}.u8").write_bytes(equalized.tobytes())
    part = pixels[:64, :64].astype(float)
    low, high = np.percentile(part, [2.5, 97])
    windowed = np.floor(np.clip((part - low) * 255 / (high - low), 0, 255) + 0.5).astype(np.uint8)
    (FOLDER / "percentile-64x64-2.5-97.u8").write_bytes(windowed.tobytes())


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    colour = Image.fromarray(scene(WIDTH, HEIGHT))
    grey = colour.convert("L")

    def expect(name, image):
        (FOLDER / f"{name}.u8").write_bytes(image.convert("L").tobytes())

    def save(name, image, extension="png", **options):
        image.save(FOLDER / f"{name}.{extension}", **options)
        expect(name, Image.open(FOLDER / f"{name}.{extension}"))

    save("grey", grey)
    save("rgb", colour)
    rgba = colour.copy()
    rgba.putalpha(Image.fromarray((np.arange(WIDTH * HEIGHT) % 256).astype(np.uint8).reshape(HEIGHT, WIDTH)))
    save("rgba", rgba)
    save("palette", colour.quantize(32))
    save("one-bit", grey.convert("1"))
    (FOLDER / "interlaced.png").write_bytes(adam7(np.asarray(grey)))
    expect("interlaced", grey)
    wide = (np.asarray(grey).astype(np.uint16) * 257 + np.arange(WIDTH, dtype=np.uint16)[None, :]).clip(0, 65535)
    wide = wide.astype(np.uint16)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in wide)
    (FOLDER / "sixteen-bit.png").write_bytes(png(WIDTH, HEIGHT, 16, 0, False, rows))
    (FOLDER / "sixteen-bit.u16").write_bytes(wide.astype("<u2").tobytes())

    save("jpeg-grey", grey, "jpg", quality=90)
    save("jpeg-ycbcr", colour, "jpg", quality=95, subsampling=0)
    save("jpeg-progressive", colour, "jpg", quality=95, progressive=True)
    save("jpeg-cmyk", colour.convert("CMYK"), "jpg", quality=95)
    # The same bytes said to be YCCK: the Adobe marker's last byte is the transform.
    ycck = bytearray((FOLDER / "jpeg-cmyk.jpg").read_bytes())
    ycck[ycck.index(b"Adobe") + 11] = 2
    (FOLDER / "jpeg-ycck.jpg").write_bytes(ycck)
    expect("jpeg-ycck", Image.open(FOLDER / "jpeg-ycck.jpg"))
    save("one-pixel", grey.resize((1, 1)))

    source = Image.fromarray(scene(203, 151)).convert("L")
    (FOLDER / "resize-source-203x151.u8").write_bytes(source.tobytes())
    for width, height in [(64, 48), (203, 40), (31, 151), (256, 256), (100, 300), (1, 1), (202, 150)]:
        target = source.resize((width, height), Image.Resampling.BILINEAR)
        (FOLDER / f"resize-{width}x{height}.u8").write_bytes(target.tobytes())
    sharp = source.point(lambda value: 255 if value >= 128 else 0)
    for width, height in [(64, 48), (203, 40), (31, 151), (256, 256), (100, 300), (1, 1), (202, 150)]:
        target = source.resize((width, height), Image.Resampling.BICUBIC)
        (FOLDER / f"bicubic-{width}x{height}.u8").write_bytes(target.tobytes())
    for width, height in [(64, 48), (256, 256)]:
        target = sharp.resize((width, height), Image.Resampling.BICUBIC)
        (FOLDER / f"bicubic-edges-{width}x{height}.u8").write_bytes(target.tobytes())
    more_kinds(colour, grey)
    orientations(grey)
    options(source)


if __name__ == "__main__":
    main()
