#!/usr/bin/env python3
"""Speed and fidelity of the precisions of `thorax generate`: the same images in each, by turns.

    python3 Benchmarks/precision.py [--thorax ./thorax] [--images 8] [--rounds 3] [--guidance 2,4,6,10] [--precisions fp32,int8,bf16]

The first precision is what the others are held to. Prints a table as Markdown: milliseconds of an image (steps and decoding, the
median of the rounds), their ratio, and the peak signal-to-noise ratio of the 8-bit pictures at the same seeds, without the
watermark: mean and least. Needs Pillow and numpy.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile

import numpy
from PIL import Image

PROMPT = "Large left pleural effusion."


def draw(thorax, folder, precision, guidance, images):
    command = [thorax, "generate", PROMPT, "--seed", "3", "--count", str(images), "--precision", precision, "--json",
               "--quiet", "--no-watermark", "--overwrite", "--output", f"{folder}/{precision}/"]
    command += ["--guidance", guidance] if guidance else []
    report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return (report["timings"]["denoise_ms"] + report["timings"]["decode_ms"]) / images


def pictures(folder, precision):
    return [numpy.asarray(Image.open(file), float) for file in sorted(pathlib.Path(folder, precision).glob("*.png"))]


def ratios(wanted, found):
    """Decibels of each picture; infinite for the same picture."""
    errors = [((a - b) ** 2).mean() for a, b in zip(wanted, found)]
    return [10 * numpy.log10(255**2 / error) if error else float("inf") for error in errors]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--thorax", default="./thorax")
    parser.add_argument("--images", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--guidance", default="", help="scales with commas between (default: the model's own)")
    parser.add_argument("--precisions", default="fp32,int8,bf16")
    given = parser.parse_args()
    precisions = given.precisions.split(",")
    print("| guidance | precision | ms an image | ratio | PSNR, mean | least |\n|---|---|---:|---:|---:|---:|")
    for guidance in given.guidance.split(","):
        with tempfile.TemporaryDirectory() as folder:
            times = {precision: [] for precision in precisions}
            for _ in range(given.rounds):
                for precision in precisions:
                    times[precision].append(draw(given.thorax, folder, precision, guidance, given.images))
            median = {precision: statistics.median(times[precision]) for precision in precisions}
            wanted = pictures(folder, precisions[0])
            for precision in precisions:
                decibels = ratios(wanted, pictures(folder, precision))
                quality = "| |" if precision == precisions[0] else f"| {numpy.mean(decibels):.1f} | {min(decibels):.1f} |"
                print(f"| {guidance or 'own'} | {precision} | {median[precision]:.0f} "
                      f"| {median[precision] / median[precisions[0]]:.2f} {quality}")


if __name__ == "__main__":
    main()
