#!/usr/bin/env python3
"""Times one command of two builds in turn, so that both meet the same machine.

    python3 Benchmarks/paired.py --old OTHER/CHECKOUT --new . [--runs 15] [--option=--steps --option=4]

Each checkout is a built one: its `.build/release/thorax` runs with THORAX_HOME set to it. One run of each warms the
caches; then they alternate, the one that begins changing from round to round. Prints the median, the quartiles and the
median of the differences within a round, in milliseconds, and whether both wrote the same pixels (needs Pillow for that).
Run it on a machine that does nothing else.
"""

import argparse
import os
import statistics
import subprocess
import tempfile
import time


def run(checkout, folder, name, options):
    output = os.path.join(folder, name + ".png")
    command = [os.path.join(checkout, ".build/release/thorax"), "generate", "Large left pleural effusion.", "--seed", "7",
               "--output", output, "--overwrite", "--quiet"] + options
    environment = dict(os.environ, THORAX_HOME=os.path.abspath(checkout))
    start = time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - start) * 1000


def quartiles(values):
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:8.1f} ms  ({low:.1f} to {high:.1f})"


def same_pixels(folder):
    try:
        from PIL import Image
    except ImportError:
        return "not compared, no Pillow"
    old, new = (Image.open(os.path.join(folder, name + ".png")).tobytes() for name in ("old", "new"))
    return "yes" if old == new else "NO"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--old", required=True)
    parser.add_argument("--new", default=".")
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--option", action="append", default=[], help="one more word for both commands")
    arguments = parser.parse_args()
    times = {"old": [], "new": []}
    with tempfile.TemporaryDirectory() as folder:
        for round in range(-1, arguments.runs):
            for name in ("old", "new") if round % 2 == 0 else ("new", "old"):
                taken = run(getattr(arguments, name), folder, name, arguments.option)
                if round >= 0:
                    times[name].append(taken)
        print("same pixels:", same_pixels(folder))
    differences = [new - old for old, new in zip(times["old"], times["new"])]
    for name in ("old", "new"):
        print(f"{name}: {quartiles(times[name])}")
    print(f"new - old: {quartiles(differences)}, {100 * statistics.median(differences) / statistics.median(times['old']):+.1f} %")
    print(f"load average: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")


if __name__ == "__main__":
    main()
