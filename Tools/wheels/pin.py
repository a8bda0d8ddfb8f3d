#!/usr/bin/env python3
"""Prints the lines of scripts/lib/pins.txt for a wheel: python3 pin.py NAME PROJECT WHEEL [--ranges] MEMBER|FOLDER/ ...

WHEEL is a file, or an address with `#sha256=...` as an index gives it: then only the zip's directory and the wheel's own
RECORD are fetched, and the digests are those stated there. MEMBER is a file taken from the wheel (or a pattern such as
`nvidia/*.so.12`), FOLDER/ means all files below a folder. With --ranges, the lines also name the bytes that hold
what is taken and the zip's directory, for wheels too large to be fetched whole (files only).
"""
import base64
import csv
import fnmatch
import hashlib
import io
import sys
import urllib.request
import zipfile
from pathlib import Path

# `dd` in scripts/lib/fetch.sh writes a range at a multiple of this.
BLOCK = 65536
# Members closer than this are fetched in one range.
GAP = 4 << 20


class RemoteFile(io.RawIOBase):
    """A file read over HTTP, range by range."""

    def __init__(self, address: str) -> None:
        self.address, self.position = address, 0
        with urllib.request.urlopen(urllib.request.Request(address, method="HEAD")) as answer:
            self.size = int(answer.headers["Content-Length"])

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self.position = offset + (0, self.position, self.size)[whence]
        return self.position

    def tell(self) -> int:
        return self.position

    def readinto(self, buffer) -> int:
        last = min(self.position + len(buffer), self.size) - 1
        if last < self.position:
            return 0
        request = urllib.request.Request(self.address, headers={"Range": f"bytes={self.position}-{last}"})
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 206, "the server does not take ranges"
            data = answer.read()
        buffer[:len(data)] = data
        self.position += len(data)
        return len(data)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def recorded_digests(archive: zipfile.ZipFile) -> dict[str, str]:
    """The digests in the wheel's RECORD (PEP 376: urlsafe base64 without padding)."""
    record = next(name for name in archive.namelist() if name.endswith(".dist-info/RECORD"))
    digests = {}
    for path, digest, _ in csv.reader(io.TextIOWrapper(archive.open(record))):
        if digest.startswith("sha256="):
            text = digest.removeprefix("sha256=")
            digests[path] = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).hex()
    return digests


def main() -> None:
    name, project, wheel, *taken = [a for a in sys.argv[1:] if a != "--ranges"]
    if "://" in wheel:
        address, digest = wheel.split("#sha256=")
        file = io.BufferedReader(RemoteFile(address), 1 << 20)
        size, file_name = file.raw.size, address.rsplit("/", 1)[1]
        archive = zipfile.ZipFile(file)
        digests = recorded_digests(archive)
        digest_of = digests.__getitem__
    else:
        file = Path(wheel).open("rb")
        digest, size, file_name = hashlib.file_digest(file, "sha256").hexdigest(), Path(wheel).stat().st_size, Path(wheel).name
        archive = zipfile.ZipFile(file)

        def digest_of(member: str) -> str:
            return sha256(archive.read(member))

    print(f"wheel  {name} {project} {file_name} {size} {digest}")

    entries = sorted(archive.infolist(), key=lambda entry: entry.header_offset)
    ends = [entry.header_offset for entry in entries[1:]] + [archive.start_dir]

    def is_taken(entry: zipfile.ZipInfo) -> bool:
        return not entry.is_dir() and any(
            entry.filename.startswith(t) if t.endswith("/") else fnmatch.fnmatchcase(entry.filename, t) for t in taken)

    if "--ranges" in sys.argv:
        spans: list[list[int]] = []
        for start, end in [(e.header_offset, end) for e, end in zip(entries, ends) if is_taken(e)] + [
                (archive.start_dir, size)]:
            if spans and start - spans[-1][1] < GAP:
                spans[-1][1] = end
            else:
                spans.append([start // BLOCK * BLOCK, end])
        for start, end in spans:
            file.seek(start)
            print(f"range  {name} {start} {end - 1} {sha256(file.read(end - start))}")

    for path in taken:
        if not path.endswith("/"):
            for entry in archive.infolist():
                if fnmatch.fnmatchcase(entry.filename, path):
                    print(f"member {name} {entry.filename} {digest_of(entry.filename)}")
            continue
        files = sorted(e.filename for e in archive.infolist() if e.filename.startswith(path) and not e.is_dir())
        listing = "".join(f"{digest_of(f)}  {f}\n" for f in files)
        print(f"tree   {name} {path.rstrip('/')} {len(files)} {sha256(listing.encode())}")


main()
