"""Writes Tests/Fixtures/images: small files of every kind that is read, and what Pillow makes of them.

NAME.png|jpg is the file, NAME.u8 the expected grey bytes (16-bit files: NAME.u16, little endian).
resize-WxH-to-wxh.u8 is resize-source.u8 after Pillow's BILINEAR.

    python Tools/reference/image_files.py
"""

import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

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


if __name__ == "__main__":
    main()
