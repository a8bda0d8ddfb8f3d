"""Imports images with Thorax and with Pillow in as many processes as cores, in turns, and prints the ratios.

    python3 Benchmarks/dataset.py PNG_FOLDER [--jpeg-side 2000] [--count 400] [--size 256] [--rounds 3]
        [--measure .build/release/measure]

PNG_FOLDER holds 512 x 512 radiographs, such as NIH's. JPEG files of --jpeg-side pixels a side are made of the first
100 of them. Pillow does what the import does: read, hash (SHA-256), decode to grey, resize (bilinear), spread from
minimum to maximum, write the bytes. Needs Pillow and NumPy.
"""

import argparse
import hashlib
import multiprocessing
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import tempfile
import time

import numpy
from PIL import Image


def prepare(job):
    path, size = job
    data = pathlib.Path(path).read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    with Image.open(path) as image:
        image = image.convert("L")
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        image = image.crop((left, top, left + side, top + side)).resize((size, size), Image.Resampling.BILINEAR)
    values = numpy.asarray(image, dtype=numpy.float32)
    low, high = values.min(), values.max()
    return digest, numpy.rint((values - low) * (255 / max(high - low, 1))).astype(numpy.uint8).tobytes()


def pillow(paths, size, target):
    start = time.perf_counter()
    with multiprocessing.Pool(os.cpu_count()) as pool, open(target, "wb") as file:
        for _, pixels in pool.imap(prepare, [(path, size) for path in paths], chunksize=4):
            file.write(pixels)
        file.flush()
        os.fsync(file.fileno())
    return len(paths) / (time.perf_counter() - start)


def thorax(measure, folder, size, place):
    output = subprocess.run([measure, "dataset", "import", folder, "--size", str(size), "--rounds", "1", "--folder", place],
                            check=True, capture_output=True, text=True).stdout
    return float(re.search(r"([\d.]+) images/s", output).group(1))


def compare(name, folder, options, place):
    paths = sorted(str(path) for path in pathlib.Path(folder).iterdir())
    rates = [(thorax(options.measure, folder, options.size, place), pillow(paths, options.size, f"{place}/pillow.u8"))
             for _ in range(options.rounds)]
    ours, theirs = (statistics.median(rate[i] for rate in rates) for i in (0, 1))
    ratio = statistics.median(a / b for a, b in rates)
    print(f"{name}: thorax {ours:.0f} images/s, Pillow {theirs:.0f} images/s, ratio {ratio:.2f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("pngs")
    parser.add_argument("--jpeg-side", type=int, default=2000)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", default=".build/release/measure")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        pngs, jpegs = pathlib.Path(place, "png"), pathlib.Path(place, "jpeg")
        pngs.mkdir()
        jpegs.mkdir()
        for index, path in enumerate(sorted(pathlib.Path(options.pngs).glob("*.png"))[:options.count]):
            shutil.copyfile(path.resolve(), pngs / path.name)
            if index < 100:
                with Image.open(path) as image:
                    side = (options.jpeg_side, options.jpeg_side)
                    image.convert("L").resize(side, Image.Resampling.BICUBIC).save(jpegs / f"{path.stem}.jpg", quality=92)
        compare("PNG 512 x 512", pngs, options, place)
        compare(f"JPEG {options.jpeg_side} x {options.jpeg_side}", jpegs, options, place)


if __name__ == "__main__":
    main()
