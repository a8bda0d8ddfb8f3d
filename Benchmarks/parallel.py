"""Compares training with two processes of one thread each with one process of two threads.

    python3 Benchmarks/parallel.py --data DATASET [--thorax PATH] [--rounds 3] [--steps 40] [--set key=value]...

Builds nothing: run ./thorax once before. DATASET is one of 'thorax data import', and may be any. Both ways train the
autoencoder and take turns, so that a change of the machine's mood meets both. Prints images a second of the steps after
the first ten (median over the rounds, with the least and the greatest), and the machine's load before the first.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parents[1]


def speed(options, processes, threads):
    """Images a second of the logged steps after the first."""
    with tempfile.TemporaryDirectory() as folder:
        settings = [f"steps={options.steps}", "warmupSteps=0", "cadence.log=10", f"cadence.validate={options.steps}",
                    f"cadence.checkpoint={options.steps}", *options.set]
        done = subprocess.run(
            [options.thorax, "train", "vae", "--data", options.data, "--output", f"{folder}/run", "--quiet",
             "--precision", "fp32", "--processes", str(processes), "--threads", str(threads),
             *[word for setting in settings for word in ("--set", setting)]], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(done.stderr.strip())
        rows = [json.loads(line) for line in open(f"{folder}/run/vae/metrics.jsonl")]
        return statistics.mean(row["images_per_second"] for row in rows[1:] if "images_per_second" in row)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--thorax", default=str(ROOT / ".build/release/thorax"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--set", action="append", default=[])
    options = parser.parse_args()
    print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    ways = [(1, 1), (1, 2), (2, 2)]
    found = {way: [] for way in ways}
    for _ in range(options.rounds):
        for way in ways:
            found[way].append(speed(options, *way))
    for (processes, threads), speeds in found.items():
        print(f"{processes} process(es), {threads} thread(s) in all: {statistics.median(speeds):.1f} images/s "
              f"({min(speeds):.1f} to {max(speeds):.1f})")


if __name__ == "__main__":
    main()
