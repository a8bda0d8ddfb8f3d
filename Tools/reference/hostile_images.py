"""Writes images that cost more than they look: a folder for each, for `measure images store FOLDER OUTPUT`.

    python Tools/reference/hostile_images.py FOLDER
"""

import struct
import sys
import zlib
from pathlib import Path


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def zeros(count):
    """`count` zeros, deflated."""
    compressor, result = zlib.compressobj(9), b""
    while count > 0:
        part = min(count, 1 << 20)
        result += compressor.compress(bytes(part))
        count -= part
    return result + compressor.flush()


def png(width, height, depth, colour, pixels, interlaced=0, before=b""):
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + chunk(b"IDAT", zeros(pixels)) + chunk(b"IEND", b""))


def segment(marker, data):
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def progressive(side, scans, components):
    """Every scan says anew that no block differs from grey, in one bit a block."""
    file = b"\xff\xd8" + segment(0xDB, b"\0" + b"\1" * 64)
    frame = b"".join(bytes([i + 1, 0x11, 0]) for i in range(components))
    file += segment(0xC2, struct.pack(">BHHB", 8, side, side, components) + frame)
    file += segment(0xC4, b"\0\1" + bytes(15) + b"\0")
    blocks = ((side + 7) // 8) ** 2 * components
    names = b"".join(bytes([i + 1, 0]) for i in range(components))
    scan = segment(0xDA, bytes([components]) + names + b"\0\0\0") + bytes((blocks + 7) // 8)
    return file + scan * scans + b"\xff\xd9"


def main():
    target = Path(sys.argv[1])

    def write(name, data):
        (target / name).mkdir(parents=True, exist_ok=True)
        (target / name / ("image.png" if data.startswith(b"\x89") else "image.jpg")).write_bytes(data)

    gibibyte = zeros(1 << 30)
    small = 64 * 65
    write("profile", png(64, 64, 8, 0, small, before=chunk(b"iCCP", b"p\0\0" + gibibyte)))
    write("texts", png(64, 64, 8, 0, small, before=chunk(b"zTXt", b"p\0\0" + gibibyte) * 50))
    write("surplus", png(64, 64, 8, 0, 1 << 30))
    write("grey", png(10_000, 10_000, 8, 0, 10_001 * 10_000))
    write("rgba-16", png(10_000, 10_000, 16, 6, 80_001 * 10_000))
    # Each of seven passes has one byte more for each of its rows.
    write("rgba-16-interlaced", png(10_000, 10_000, 16, 6, 80_000 * 10_000 + 18_750, interlaced=1))
    write("scans-24-grey", progressive(10_000, 24, 1))
    write("scans-24-colour", progressive(10_000, 24, 3))
    write("scans-25", progressive(10_000, 25, 1))


if __name__ == "__main__":
    main()
