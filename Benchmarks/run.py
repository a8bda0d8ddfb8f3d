"""Measures this checkout and writes docs/benchmarks.md.

    python3 Benchmarks/run.py [--rounds 3] [--runs 5] [--steps 50] [--threads N] [--model thorax-small] [--gpu gpu.json]

Builds nothing: run ./thorax once before. The comparison with PyTorch needs a Python with torch 2.11
(--python PATH names another one than this). --gpu FILE adds what
scripts/check-gpu has written on a machine with a GPU; with --gpu-only nothing is measured, and the rest of the page stays.
What stands below "What the figures say" stays always. Both programs take turns, so that a change of the machine's mood meets
both; every figure is the median over the rounds.
"""

import argparse
import datetime
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).parents[1]
PROMPT = "Right lower lobe pneumonia with focal consolidation"


def call(*command):
    """Runs a command that prints one JSON object."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def case(report, start):
    return next(c for c in report["cases"] if c["name"].startswith(start))


def median(values):
    return statistics.median(list(values))


def processes(thorax, options, count):
    """Whole processes, from start to the file: wall-clock milliseconds, and what each reports."""
    walls, reports = [], []
    with tempfile.TemporaryDirectory() as folder:
        for index in range(count):
            start = time.perf_counter()
            reports.append(call(
                thorax, "generate", PROMPT, "--seed", str(index), "--output", f"{folder}/{index}.png", "--json", *options))
            walls.append((time.perf_counter() - start) * 1000)
    return walls, reports


def sequence(thorax, options, count):
    """Peak memory of one image and of `count` images in a row."""
    with tempfile.TemporaryDirectory() as folder:
        return [
            call(thorax, "generate", PROMPT, "--seed", "1", "--count", str(n), "--output", f"{folder}/{n}/a.png",
                 "--json", *options)["peak_memory_bytes"] for n in (1, count)]


def on_gpu(found):
    """What scripts/check-gpu has found, as the page has it."""
    parts = found["parts"]
    lines = [
        "## On a GPU", "",
        f"`{found['command']}` on {found['date']}: {found.get('gpu', found['device'])}, PyTorch {found['torch']}, "
        f"{found['seconds']:.0f} s.", "", "| part | |", "|---|---|"]
    for name, part in parts.items():
        state = part.get("error") or part.get("skipped") or ("held" if part["held"] else "did not hold")
        lines.append(f"| {name} | {state} |")
    if "cases" in parts.get("training", {}):
        lines += ["", "| step, bfloat16 | Thorax images/s | eager PyTorch | PyTorch with CUDA graphs | peak | PyTorch's |",
                  "|---|---:|---:|---:|---:|---:|"]
        for name, case in parts["training"]["cases"].items():
            graphs = case.get("pytorch_cuda_graphs_images_per_second")
            theirs = case["pytorch_peak_memory_bytes"]
            lines.append(
                f"| {name} | {case['images_per_second']:.0f} | {case['pytorch_images_per_second']:.0f} | "
                f"{format(graphs, '.0f') if graphs else case['pytorch_cuda_graphs']} | "
                f"{case['peak_memory_bytes'] / 2**20:.0f} MiB | {format(theirs / 2**20, '.0f') if theirs else '?'} MiB |")
    if "cases" in parts.get("generation", {}):
        lines += ["", "| images | steps | images/s | eager PyTorch |", "|---|---:|---:|---:|"]
        for name, case in parts["generation"]["cases"].items():
            theirs = case.get("pytorch_images_per_second")
            lines.append(
                f"| {name} | {case['steps']} | {case['images_per_second']:.2f} | {format(theirs, '.2f') if theirs else ''} |")
    return "\n".join(lines)


NOTES = "## What the figures say"


def parts_of(page):
    """What was measured, what of a GPU, and what was written about it by hand."""
    measured, _, notes = page.partition(NOTES)
    measured, _, gpu = measured.partition("## On a GPU")
    return measured.rstrip(), gpu.strip(), notes.strip()


def write(path, measured=None, gpu=None):
    """Puts new parts in place of those that the page has."""
    path = pathlib.Path(path)
    old = parts_of(path.read_text(encoding="utf-8") if path.exists() else "")
    page = [measured or old[0]]
    if gpu or old[1]:
        page.append(gpu or "## On a GPU\n\n" + old[1])
    if old[2]:
        page.append(NOTES + "\n\n" + old[2])
    path.write_text("\n\n".join(page) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--model", default="thorax-small")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--thorax", default=ROOT / ".build/release/thorax")
    parser.add_argument("--gpu", type=pathlib.Path, help="what scripts/check-gpu has written")
    parser.add_argument("--gpu-only", action="store_true", help="measure nothing here")
    parser.add_argument("--note", help="a sentence on the circumstances")
    parser.add_argument("--output", default=ROOT / "docs/benchmarks.md")
    arguments = parser.parse_args()
    gpu = on_gpu(json.loads(arguments.gpu.read_text())) if arguments.gpu else None
    if arguments.gpu_only:
        if not gpu:
            parser.error("--gpu-only needs --gpu FILE")
        write(arguments.output, gpu=gpu)
        sys.exit()
    os.environ.setdefault("THORAX_HOME", str(ROOT))
    thorax = str(arguments.thorax)
    threads = ["--threads", str(arguments.threads)] if arguments.threads else []
    runs = ["--runs", str(arguments.runs)]

    ours, theirs, small = [], [], []
    for _ in range(arguments.rounds):
        small.append(call(thorax, "bench", "generate", "--model", arguments.model, "--json", *runs, *threads))
        ours.append(call(
            thorax, "bench", "generate", "--preset", "released", "--steps", str(arguments.steps), "--json", *runs,
            *threads))
        theirs.append(call(
            arguments.python, str(ROOT / "Benchmarks/reference.py"), "--steps", str(arguments.steps), *runs, *threads))
    walls, reports = processes(thorax, ["--model", arguments.model, *threads], arguments.rounds * 2)
    memory = sequence(thorax, ["--model", arguments.model, *threads], arguments.images)

    machine = small[0]["machine"]
    rate = median(r["reference_gflop_per_second"] for r in small + ours)
    lines = [
        "# Benchmarks", "",
        f"Measured on {datetime.date.today()} with `python3 Benchmarks/run.py --rounds {arguments.rounds} "
        f"--runs {arguments.runs} --steps {arguments.steps} --images {arguments.images}{' '.join(['', *threads])}`: {machine['processor']}, {machine['cores']} cores, {machine['system']}, "
        f"{small[0]['threads']} thread(s), float32." + (f" {arguments.note}" if arguments.note else ""), "",
        f"The reference convolution (3x3, 64 channels, 32x32, batch 2, float32, channels-last), measured in the same "
        f"runs, reached **{rate:.0f} GFLOP/s** (PyTorch's own: "
        f"{median(r['reference_gflop_per_second'] for r in theirs):.0f}). Every share below is of that rate; machines "
        "differ by three and more, shares do less. Each figure is the median over the rounds.", "",
        f"## `{arguments.model}`, default settings", "",
        "| part | median ms | 95 % ms | GFLOP | GFLOP/s | share |", "|---|---:|---:|---:|---:|---:|"]
    for index, first in enumerate(small[0]["cases"]):
        same = [r["cases"][index] for r in small]
        lines.append(
            f"| {first['name']} | {median(c['ms_p50'] for c in same):.1f} | {median(c['ms_p95'] for c in same):.1f} "
            f"| {first['gflop']:.2f} | {median(c['gflop_per_second'] for c in same):.0f} "
            f"| {median(c['share'] for c in same):.2f} |")
    total = median(r["timings"]["total_ms"] for r in reports)
    load = median(r["timings"]["load_ms"] for r in reports)
    library = median(r["timings"]["library_ms"] for r in reports)
    work = median(r["timings"]["text_ms"] + r["timings"]["denoise_ms"] + r["timings"]["decode_ms"] for r in reports)
    lines += [
        "", f"A whole process, from start to file: {median(walls):.0f} ms, of which loading the model {load:.0f} ms "
        f"(LibTorch's own start {library:.0f} ms of it) and drawing {work:.0f} ms (the program counts {total:.0f} ms). Peak memory {max(r['peak_memory_bytes'] for r in reports) / 2**20:.0f} MiB; "
        f"{memory[0] / 2**20:.0f} MiB after one image, {memory[1] / 2**20:.0f} MiB after {arguments.images} in a row.", "",
        f"## `released`, {arguments.steps} DDIM steps with guidance, 256 text tokens, against eager PyTorch {theirs[0]['torch']}",
        "", "| part | Thorax ms | PyTorch ms | ratio | share |", "|---|---:|---:|---:|---:|"]
    for name in ("denoise", "decode"):
        a, b = median(case(r, name)["ms_p50"] for r in ours), median(case(r, name)["ms_p50"] for r in theirs)
        share = median(case(r, name)["share"] for r in ours)
        lines.append(f"| {name} | {a:.0f} | {b:.0f} | {a / b:.2f} | {share:.2f} |")
    a = median(case(r, "denoise")["ms_p50"] + case(r, "decode")["ms_p50"] for r in ours)
    b = median(case(r, "denoise")["ms_p50"] + case(r, "decode")["ms_p50"] for r in theirs)
    lines.append(f"| image | {a:.0f} | {b:.0f} | {a / b:.2f} | |")
    write(arguments.output, "\n".join(lines), gpu)
    print("\n".join(lines))
