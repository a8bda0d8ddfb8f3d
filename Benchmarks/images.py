"""Measures how fast images become bytes of a dataset, against Pillow in as many processes as there are cores.

    swift build -c release --product measure
    python3 Benchmarks/images.py --data ../shared/data [--rounds 7] [--program .build/release/measure]
    python3 Benchmarks/images.py --data ../shared/data --reduction [--program ...]

Needs Pillow and NumPy. Both sides decode to grey, resample to 256 x 256 (bilinear, antialiased), spread minimum to
maximum and write one file; they take turns, and each ratio is the median over the rounds. Times are of the processors
(user and system, all processes, the wall clock's times the cores where nothing else runs), so that other work on the
machine disturbs little; the ratio by the wall clock stands beside. The processes of Pillow are started before its clock
is. PNG: the 512 x 512 files of `nih`, as they are. JPEG: 2000 x 2000 squares of the four
films of `iu`, saved by Pillow at quality 90, grey and in colour.

--reduction measures instead what reducing a JPEG while decoding it costs and saves: those films, whole, at qualities 75,
90 and 95, grey and progressive in colour.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import resource
import statistics
import subprocess
import tempfile
import time

import numpy as np
import PIL
from PIL import Image, features

SIZE = 256


def prepare(path, draft):
    with Image.open(path) as image:
        if draft:
            image.draft("L", (2 * SIZE, 2 * SIZE))
        small = image.convert("L").resize((SIZE, SIZE), Image.Resampling.BILINEAR)
    values = np.asarray(small, dtype=np.float32)
    low, high = values.min(), values.max()
    scale = 255 / (high - low) if high > low else 0
    return np.floor((values - low) * scale + 0.5).astype(np.uint8).tobytes()


def prepare_all(paths, draft):
    start = time.process_time()
    return [prepare(path, draft) for path in paths], time.process_time() - start


def pillow(pool, files, output, draft=False):
    """Seconds by the wall clock, and of the processors."""
    start, own, others = time.perf_counter(), time.process_time(), 0
    with open(output, "wb") as target:
        for squares, seconds in pool.map(prepare_all, [files[i:i + 16] for i in range(0, len(files), 16)],
                                         [draft] * len(files)):
            target.writelines(squares)
            others += seconds
    return time.perf_counter() - start, time.process_time() - own + others


def ours(program, folder, output):
    """Seconds by the program's own wall clock, and of the processors, the program's start included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [program, "images", "store", folder, output, str(SIZE)], capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return json.loads(done.stdout)["seconds"][0], spent


def make_jpegs(source, folder, mode, copies):
    films = sorted(source.glob("*.png"))
    for copy in range(copies):
        for film in films:
            image = Image.open(film).convert("L")
            left, top = (image.width - 2000) // 2, (image.height - 2000) // 2
            square = image.crop((left, top, left + 2000, top + 2000)).convert(mode)
            square.save(folder / f"{film.stem}-{copy}.jpg", quality=90)


def measure_reduction(program, source, work):
    for film in sorted(source.glob("*.png")):
        image = Image.open(film).convert("L")
        for quality in (75, 90, 95):
            image.save(work / f"{film.stem}-{quality}-grey.jpg", quality=quality)
            image.convert("RGB").save(work / f"{film.stem}-{quality}-colour.jpg", quality=quality, progressive=True)
    subprocess.run([program, "images", "reduction", work, str(SIZE)], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--program", default=pathlib.Path(__file__).parents[1] / ".build/release/measure")
    parser.add_argument("--reduction", action="store_true")
    arguments = parser.parse_args()
    if arguments.reduction:
        with tempfile.TemporaryDirectory() as work:
            return measure_reduction(arguments.program, arguments.data / "iu/images", pathlib.Path(work))
    cores = len(os.sched_getaffinity(0))
    print(f"{cores} cores; Pillow {PIL.__version__}, zlib-ng {features.version('zlib_ng')}, "
          f"libjpeg-turbo {features.version('libjpeg_turbo')}; {arguments.rounds} rounds")
    print("| images | files | ours, ms an image | Pillow | ratio | least and most | by the wall clock |\n"
          "|---|---:|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as work, concurrent.futures.ProcessPoolExecutor(cores) as pool:
        work = pathlib.Path(work)
        cases = [("PNG, 512 x 512", arguments.data / "nih/images", False)]
        for name, mode in [("grey", "L"), ("colour", "RGB")]:
            (work / name).mkdir()
            make_jpegs(arguments.data / "iu/images", work / name, mode, copies=16)
            cases.append((f"JPEG, 2000 x 2000, {name}", work / name, False))
            cases.append((f"JPEG, 2000 x 2000, {name}, against Pillow's `draft`", work / name, True))
        for label, folder, draft in cases:
            files = sorted(str(file) for file in folder.iterdir())
            pillow(pool, files[:2 * cores], work / "theirs.u8", draft)
            pairs = [
                (ours(arguments.program, folder, work / "ours.u8"), pillow(pool, files, work / "theirs.u8", draft))
                for _ in range(arguments.rounds)]
            ratios = [[theirs[i] / our[i] for our, theirs in pairs] for i in range(2)]
            a, b = (statistics.median(times[1] for times in side) * 1000 / len(files) for side in zip(*pairs))
            print(f"| {label} | {len(files)} | {a:.2f} | {b:.2f} | {statistics.median(ratios[1]):.1f} "
                  f"| {min(ratios[1]):.1f} to {max(ratios[1]):.1f} | {statistics.median(ratios[0]):.1f} |", flush=True)


if __name__ == "__main__":
    main()
