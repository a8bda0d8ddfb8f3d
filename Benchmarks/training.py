"""Compares steps of training with the same steps in eager PyTorch, and measures what a step spends beside computing.

    python3 Benchmarks/training.py [PART...] [--rounds 5] [--threads 2] [--thorax PATH] [--measure PATH]
        [--json training.json] [--document docs/training-speed.md]

Builds nothing: run ./thorax once before, and for `encoding` swift build -c release --product measure. The comparison needs
a Python with torch 2.11 and safetensors (--python PATH names another one than this). Parts, all of them if none is given:

    small-vae, small-diffusion, paper-vae, paper-diffusion
                  steps of `thorax bench train` against reference_step.py, the layouts of memory in PyTorch being tried
                  both; all take turns, so that a change of the machine's mood meets all
    data          shares of time for data and records, as `thorax train` writes them into metrics.jsonl
    size          steps on 500 images and on 20,000, taking turns
    encoding      images encoded one by one and in batches

Every figure is the median over the rounds, every ratio that of the ratios within a round. What a part has measured is put
into the JSON file beside what other parts have put there before; --document writes all of it above the heading "What the
figures say" of that page.
"""

import argparse
import datetime
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parents[1]
# What a case of the comparison measures: batches that two cores make in seconds, and measured steps of a round.
STEPS = {
    "small-vae": ("small", "vae", [], 6),
    "small-diffusion": ("small", "diffusion", [], 4),
    "paper-vae": ("paper", "vae", ["batchSize=1"], 2),
    "paper-diffusion": ("paper", "diffusion", ["accumulation=1"], 2),
}
LAYOUTS = ["channels_last", "contiguous_format"]


def call(*command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **more)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def setting_words(settings):
    return [word for setting in settings for word in ("--set", setting)]


def spread(values):
    return {"median": statistics.median(values), "least": min(values), "greatest": max(values)}


def steps(options, name):
    """Steps of one stage here and in PyTorch, in turns; and whether both compute the same."""
    preset, stage, settings, runs = STEPS[name]

    def ours(runs, *more):
        return json.loads(call(
            options.thorax, "bench", "train", "--preset", preset, "--stage", stage, "--threads", options.threads,
            "--runs", runs, "--json", *setting_words(settings), *more))

    def theirs(file, runs, layout):
        return json.loads(call(
            options.python, ROOT / "Benchmarks/reference_step.py", file, "--threads", options.threads, "--runs", runs,
            "--memory-format", layout))

    with tempfile.TemporaryDirectory() as folder:
        plain, step = f"{folder}/plain.safetensors", f"{folder}/step.safetensors"
        ours(1, "--precision", "fp32", "--save-step", plain)
        parity = theirs(plain, 1, LAYOUTS[0])["parity"]
        report = ours(1, "--save-step", step)
        times, theirs_times, rates = [], {layout: [] for layout in LAYOUTS}, []
        spent, theirs_spent = [], {layout: [] for layout in LAYOUTS}
        for turn in range(options.rounds):
            # Who begins changes from round to round.
            order = ["thorax", *LAYOUTS] if turn % 2 == 0 else [*LAYOUTS, "thorax"]
            for who in order:
                if who == "thorax":
                    report = ours(runs)
                    times.append(report["cases"][0]["ms_p50"])
                    spent.append(report["cases"][0]["processor_ms_p50"])
                    rates.append(report["reference_gflop_per_second"])
                else:
                    measured = theirs(step, runs, who)
                    theirs_times[who].append(measured["ms_p50"])
                    theirs_spent[who].append(measured["processor_ms_p50"])
    best = min(LAYOUTS, key=lambda layout: statistics.median(theirs_times[layout]))
    ratios = [a / b for a, b in zip(times, theirs_times[best])]
    processor_ratios = [a / b for a, b in zip(spent, theirs_spent[best])]
    return {
        "step": f"{preset}, {report['cases'][0]['name']}", "precision": report["precision"], "threads": options.threads,
        "settings": settings, "rounds": options.rounds, "runs": runs, "ms": spread(times),
        "pytorch_ms": {layout: spread(found) for layout, found in theirs_times.items()}, "pytorch_layout": best,
        "ratio": spread(ratios),
        "processor_ms": spread(spent), "pytorch_processor_ms": spread(theirs_spent[best]),
        "processor_ratio": spread(processor_ratios), "parity_in_float32": parity, "torch": measured["torch"],
        "peak_memory_bytes": report["cases"][0]["peak_memory_bytes"], "machine": report["machine"],
        "reference_gflop_per_second": statistics.median(rates)}


def train(options, folder, stage, data, run, settings, recipe):
    """The training rows of `metrics.jsonl` but the first, which has the warm-up in it."""
    call(
        options.thorax, "train", stage, "--data", data, "--output", run, "--recipe", recipe, "--threads", options.threads,
        "--quiet", *setting_words(settings), cwd=folder)
    rows = [json.loads(line) for line in open(f"{folder}/{run}/{stage}/metrics.jsonl")]
    return [row for row in rows if row["split"] == "train"][1:]


def data(options):
    """Shares of a step's time that go into data and records, logging every 20 steps as the recipes do."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for side, count in ((64, 400), (256, 200)):
            call(options.thorax, "data", "phantom", "--count", count, "--size", side, "--output", f"{side}", "--quiet",
                 cwd=folder)
        for recipe, side, steps in (("phantom", 64, 120), ("small", 256, 80)):
            for stage in ("vae", "diffusion"):
                settings = [f"steps={steps}", "warmupSteps=5"]
                if recipe == "small" and stage == "diffusion":
                    settings.append("sourceRepeats={}")
                rows = train(options, folder, stage, f"{side}", f"run-{side}", settings, recipe)
                found[f"{recipe}, {stage}"] = {
                    "rows": len(rows), "images_per_second": statistics.median(r["images_per_second"] for r in rows),
                    "data_share": statistics.median(r["data_share"] for r in rows),
                    "recording_share": statistics.median(r["recording_share"] for r in rows)}
    return found


def size(options):
    """Steps of the least networks on few and on many images, whose share for data is the greatest there is."""
    counts = [500, 20000]
    found = {count: {"images_per_second": [], "data_share": []} for count in counts}
    with tempfile.TemporaryDirectory() as folder:
        for count in counts:
            call(options.thorax, "data", "phantom", "--count", count, "--output", f"{count}", "--quiet", cwd=folder)
        for turn in range(options.rounds):
            for count in counts if turn % 2 == 0 else reversed(counts):
                rows = train(
                    options, folder, "vae", f"{count}", f"run-{count}-{turn}", ["steps=80", "warmupSteps=5"], "phantom")
                for key, values in found[count].items():
                    values.append(statistics.median(row[key] for row in rows))
    few, many = (found[count]["images_per_second"] for count in counts)
    return {
        "recipe": "phantom, vae", "images": {
            str(count): {key: spread(values) for key, values in figures.items()} for count, figures in found.items()},
        "ratio_of_time": spread([a / b for a, b in zip(few, many)])}


def encoding(options):
    """Images a second by the number that is encoded at a time, as the tool `measure encoding` has them."""
    found = {}
    for preset, images in (("small", 64), ("paper", 16)):
        text = call(
            options.measure, "encoding", "--preset", preset, "--images", images, "--batch", 1, "--batch", 16, "--rounds",
            options.rounds, "--threads", options.threads)
        found[preset] = {
            number: float(rate) for number, rate in re.findall(r"^batches of (\d+)\s+([\d.]+) images/s", text, re.M)}
    return found


def document(found):
    """The page's measured part."""
    cases = [found[name] for name in STEPS if name in found]
    lines = []
    if cases:
        machine = cases[0]["machine"]
        lines += [
            "## Steps against eager PyTorch", "",
            f"`{found['command']}`, {found['date']}, {machine['processor']}, {machine['cores']} cores, "
            f"{cases[0]['threads']} thread(s), PyTorch {cases[0]['torch']}, {cases[0]['rounds']} rounds; the reference "
            f"convolution reached {statistics.median(c['reference_gflop_per_second'] for c in cases):.0f} GFLOP/s.", "",
            "| step | precision | Thorax ms | PyTorch ms | its layout | ratio (least to greatest) | of processor time | "
            "loss, both | gradients differ by |", "|---|---|---:|---:|---|---:|---:|---:|---:|"]
        for c in cases:
            parity = c["parity_in_float32"]
            lines.append(
                f"| {c['step']} | {c['precision']} | {c['ms']['median']:.0f} | "
                f"{c['pytorch_ms'][c['pytorch_layout']]['median']:.0f} | {c['pytorch_layout']} | "
                f"**{c['ratio']['median']:.2f}** ({c['ratio']['least']:.2f} to {c['ratio']['greatest']:.2f}) | "
                f"{c['processor_ratio']['median']:.2f} | "
                f"{parity['loss_of_file']:.6f}, {parity['loss']:.6f} | {parity['gradient_difference']:.1g} |")
        lines.append("")
    if "data" in found:
        lines += [
            "## Data and records", "",
            "| run | images/s | data | records |", "|---|---:|---:|---:|"]
        for name, f in found["data"].items():
            lines.append(
                f"| {name} | {f['images_per_second']:.0f} | {100 * f['data_share']:.2f} % | "
                f"{100 * f['recording_share']:.2f} % |")
        lines.append("")
    if "size" in found:
        lines += [
            "## The dataset's size", "", f"Steps of `{found['size']['recipe']}`.", "",
            "| images | images/s | data |", "|---:|---:|---:|"]
        for count, f in found["size"]["images"].items():
            lines.append(
                f"| {int(count):,} | {f['images_per_second']['median']:.0f} ({f['images_per_second']['least']:.0f} to "
                f"{f['images_per_second']['greatest']:.0f}) | {100 * f['data_share']['median']:.2f} % |")
        ratio = found["size"]["ratio_of_time"]
        lines += [
            "", f"A step on the larger one takes {ratio['median']:.3f} of the time ({ratio['least']:.3f} to "
            f"{ratio['greatest']:.3f}).", ""]
    if "encoding" in found:
        lines += [
            "## Encoding before the second stage", "", "| networks | one by one | in batches of 16 | ratio |",
            "|---|---:|---:|---:|"]
        for preset, f in found["encoding"].items():
            lines.append(
                f"| {preset} | {f['1']:.1f} images/s | {f['16']:.1f} images/s | {f['16'] / f['1']:.2f} |")
        lines.append("")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = [*STEPS, "data", "size", "encoding"]
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(parts))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--thorax", type=pathlib.Path, default=ROOT / ".build/release/thorax")
    parser.add_argument("--measure", type=pathlib.Path, default=ROOT / ".build/release/measure")
    parser.add_argument("--json", type=pathlib.Path, default=pathlib.Path("training.json"))
    parser.add_argument("--document", type=pathlib.Path)
    options = parser.parse_args()
    unknown = [part for part in options.parts if part not in parts]
    if unknown:
        parser.error(f"{unknown[0]}: the parts are {', '.join(parts)}")
    options.thorax, options.measure = options.thorax.resolve(), options.measure.resolve()
    os.environ.setdefault("THORAX_HOME", str(ROOT))
    found = json.loads(options.json.read_text()) if options.json.exists() else {}
    found["date"] = str(datetime.date.today())
    found["command"] = f"python3 Benchmarks/training.py --rounds {options.rounds} --threads {options.threads}"
    found["load"] = os.getloadavg()[0]
    for part in options.parts or parts:
        found[part] = steps(options, part) if part in STEPS else {"data": data, "size": size, "encoding": encoding}[part](
            options)
        options.json.write_text(json.dumps(found, indent=1) + "\n")
        print(json.dumps({part: found[part]}, indent=1))
    if options.document:
        page = options.document.read_text(encoding="utf-8")
        start, end = page.index("\n## ") + 1, page.index("## What the figures say")
        options.document.write_text(page[:start] + document(found) + "\n" + page[end:], encoding="utf-8")


if __name__ == "__main__":
    main()
