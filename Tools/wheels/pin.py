#!/usr/bin/env python3
"""Prints the lines of scripts/lib/pins.txt for a wheel: python3 pin.py NAME PROJECT WHEEL [--ranges] MEMBER|FOLDER/ ...

MEMBER is a file taken from the wheel, FOLDER/ all files below a folder. With --ranges, the lines also name the bytes
that hold all members taken and the zip's directory, for wheels too large to be fetched whole.
"""
import hashlib
import sys
import zipfile
from pathlib import Path

# `dd` in scripts/lib/fetch.sh writes a range at a multiple of this.
BLOCK = 65536


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def main() -> None:
    arguments = [a for a in sys.argv[1:] if a != "--ranges"]
    name, project, path, *taken = arguments
    wheel = Path(path)
    digest = hashlib.sha256()
    with wheel.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    size = wheel.stat().st_size
    print(f"wheel  {name} {project} {wheel.name} {size} {digest.hexdigest()}")

    archive = zipfile.ZipFile(wheel)
    entries = sorted(archive.infolist(), key=lambda entry: entry.header_offset)
    ends = [entry.header_offset for entry in entries[1:]] + [archive.start_dir]

    def is_taken(entry: zipfile.ZipInfo) -> bool:
        return any(entry.filename.startswith(t) if t.endswith("/") else entry.filename == t for t in taken)

    if "--ranges" in sys.argv:
        spans = [(e.header_offset, end) for e, end in zip(entries, ends) if is_taken(e)]
        first, last = min(s[0] for s in spans) // BLOCK * BLOCK, max(s[1] for s in spans)
        with wheel.open("rb") as file:
            for start, end in ((first, last), (max(last, archive.start_dir) // BLOCK * BLOCK, size)):
                file.seek(start)
                print(f"range  {name} {start} {end - 1} {sha256(file.read(end - start))}")

    for path in taken:
        if not path.endswith("/"):
            print(f"member {name} {path} {sha256(archive.read(path))}")
            continue
        files = sorted(e.filename for e in archive.infolist() if e.filename.startswith(path) and not e.is_dir())
        listing = "".join(f"{sha256(archive.read(f))}  {f}\n" for f in files)
        print(f"tree   {name} {path.rstrip('/')} {len(files)} {sha256(listing.encode())}")


main()
