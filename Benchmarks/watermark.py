"""Measures how often `thorax verify` finds the watermark: after changes of marked pictures, and in pictures without it.

    swift build -c release --product measure
    .build/release/measure watermark DRAWN MARKED --limit 1000      # DRAWN: pictures drawn with --no-watermark
    python3 Benchmarks/watermark.py --marked MARKED [--unmarked DIR]... [--limit 10000] [--thorax ./thorax]
        [--changes NAME,...] [--thorough] [--json watermark.json]

Needs a Python with NumPy and Pillow, which makes the changes: none of it is Thorax's code. Every marked picture goes through
every change; of the folders of --unmarked, radiographs or other pictures, --limit are looked at in all. The rate of what
is found, with the bound of Clopper and Pearson at 95 %, stands beside each.
"""

import argparse
import io
import json
import math
import pathlib
import random
import subprocess
import tempfile

import numpy
from PIL import Image, ImageEnhance, ImageFilter


def compressed(picture, quality):
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=quality)
    return Image.open(io.BytesIO(data.getvalue()))


def resized(picture, share):
    small = picture.resize([max(1, round(side * share)) for side in picture.size], Image.BICUBIC)
    return small.resize(picture.size, Image.BICUBIC)


def cropped(picture, area, generator):
    width, height = [round(side * math.sqrt(area)) for side in picture.size]
    left = generator.randint(0, picture.width - width)
    top = generator.randint(0, picture.height - height)
    return picture.crop((left, top, left + width, top + height))


def levels(picture, function):
    values = function(numpy.asarray(picture, dtype=float))
    return Image.fromarray(numpy.clip(numpy.round(values), 0, 255).astype(numpy.uint8))


def windowed(picture):
    low, high = numpy.percentile(numpy.asarray(picture), [2, 98])
    return levels(picture, lambda x: (x - low) / max(high - low, 1) * 255)


# The first nine are those that the watermark is made for.
CHANGES = {
    "none": lambda p, g: p,
    "jpeg-50": lambda p, g: compressed(p, 50),
    "half-and-back": lambda p, g: resized(p, 0.5),
    "crop-75": lambda p, g: cropped(p, 0.75, g),
    "contrast-0.7": lambda p, g: levels(p, lambda x: (x - 128) * 0.7 + 128),
    "contrast-1.3": lambda p, g: levels(p, lambda x: (x - 128) * 1.3 + 128),
    "gamma-0.7": lambda p, g: levels(p, lambda x: 255 * (x / 255) ** 0.7),
    "gamma-1.5": lambda p, g: levels(p, lambda x: 255 * (x / 255) ** 1.5),
    "rotation-2": lambda p, g: p.rotate(g.choice([-2, 2]), Image.BICUBIC),
    "window": lambda p, g: windowed(p),
    "jpeg-20": lambda p, g: compressed(p, 20),
    "jpeg-10": lambda p, g: compressed(p, 10),
    "quarter-and-back": lambda p, g: resized(p, 0.25),
    "blur-2": lambda p, g: p.filter(ImageFilter.GaussianBlur(2)),
    "noise-10": lambda p, g: levels(p, lambda x: x + numpy.random.default_rng(g.randint(0, 1 << 30)).normal(0, 10, x.shape)),
    "sharpened": lambda p, g: ImageEnhance.Sharpness(p).enhance(3),
    "crop-50": lambda p, g: cropped(p, 0.5, g),
    "crop-75-resized": lambda p, g: cropped(p, 0.75, g).resize(p.size, Image.BICUBIC),
    "crop-50-resized": lambda p, g: cropped(p, 0.5, g).resize(p.size, Image.BICUBIC),
    "rotation-5": lambda p, g: p.rotate(g.choice([-5, 5]), Image.BICUBIC),
    "mirrored": lambda p, g: p.transpose(Image.FLIP_LEFT_RIGHT),
    "inverted": lambda p, g: levels(p, lambda x: 255 - x),
    "jpeg-50-rotation-2-crop-75": lambda p, g: compressed(cropped(p.rotate(2, Image.BICUBIC), 0.75, g), 50),
}


def verified(thorax, files, thorough):
    found = []
    for start in range(0, len(files), 500):
        run = subprocess.run(
            [thorax, "verify", "--json", *["--thorough"] * thorough, *map(str, files[start : start + 500])],
            capture_output=True, text=True)
        report = json.loads(run.stdout)
        found += [file.get("watermark") for file in report["files"]]
    return found


def upper_bound(hits, count):
    """The largest rate that is not refuted at 95 % by `hits` of `count` (one-sided)."""
    low, high = hits / max(count, 1), 1.0
    for _ in range(60):
        rate = (low + high) / 2
        below = sum(
            math.exp(
                math.lgamma(count + 1) - math.lgamma(k + 1) - math.lgamma(count - k + 1)
                + k * math.log(rate) + (count - k) * math.log1p(-rate))
            for k in range(hits + 1)) if rate < 1 else 0
        low, high = (rate, high) if below > 0.05 else (low, rate)
    return high


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--marked", type=pathlib.Path, required=True)
    parser.add_argument("--unmarked", type=pathlib.Path, action="append", default=[])
    parser.add_argument("--limit", type=int, default=10_000)
    parser.add_argument("--thorax", default="./thorax")
    parser.add_argument("--changes", default=",".join(CHANGES))
    parser.add_argument("--thorough", action="store_true", help="look with `thorax verify --thorough`")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()

    marked = sorted(options.marked.rglob("*.png"))
    results = {"marked": len(marked), "changes": {}, "unmarked": {}}
    with tempfile.TemporaryDirectory() as folder:
        for name in options.changes.split(","):
            generator = random.Random(name)
            files = []
            for index, file in enumerate(marked):
                changed = CHANGES[name](Image.open(file).convert("L"), generator)
                files.append(pathlib.Path(folder) / f"{index:05}.png")
                changed.save(files[-1])
            found = verified(options.thorax, files, options.thorough)
            payload = max({f["payload"] for f in found if f and f.get("payload")} or {""}, key=lambda p: sum(
                1 for f in found if f and f.get("payload") == p))
            hits = sum(bool(f and f["found"]) for f in found)
            named = sum(bool(f and f.get("payload") == payload) for f in found)
            results["changes"][name] = {"found": hits, "payload": named, "of": len(found)}
            print(f"{name:28} found {hits} of {len(found)} ({hits / len(found):.4f}), payload {named}", flush=True)
    total = hits = 0
    for folder in options.unmarked:
        files = sorted(
            file for ending in ("png", "jpg", "jpeg") for file in folder.rglob(f"*.{ending}"))[: options.limit - total]
        found = [f for f in verified(options.thorax, files, options.thorough) if f]
        rates = sorted(f["false_positive_rate"] for f in found)
        hits += sum(f["found"] for f in found)
        total += len(found)
        results["unmarked"][folder.name] = {
            "found": sum(f["found"] for f in found), "of": len(found), "smallest_rate": rates[0] if rates else None}
        print(f"without: {folder.name:19} found {sum(f['found'] for f in found)} of {len(found)}", flush=True)
    if total:
        results["upper_bound"] = upper_bound(hits, total)
        print(f"without: {hits} of {total} in all; at most {results['upper_bound']:.1e} at 95 %")
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
