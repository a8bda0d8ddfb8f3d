"""Trains a model on phantoms from nothing and counts how often it draws what its prompts ask for.

    python3 Benchmarks/phantoms.py [--thorax PATH] [--work DIR] [--count 10000] [--prompts 500] [--threads 1]
                                   [--data-seed 1] [--prompt-seed 2027] [--guidance G] [--set-vae key=value]...
                                   [--set-diffusion key=value]... [--output FILE.json]

Builds nothing: run ./thorax once before. Draws the phantoms, trains both stages by the recipe 'phantom', exports, draws
the prompts' pictures, and reads them. Prints a table, with the processor time and the wall-clock time of each part.
Beside every share stands what the same pictures reach against their prompts dealt anew within each kind: that is chance.
Ends with 1 if training took more than 15 minutes of processor time, if side, zone, presence or heart size was obeyed in
fewer than 95 of 100 pictures, or a negation in fewer than 98. With --work a run that was interrupted goes on.
"""

import argparse
import json
import os
import pathlib
import random
import resource
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).parents[1]
LEAST = {"side": 0.95, "zone": 0.95, "presence": 0.95, "heart_size": 0.95, "negation": 0.98}
MOST_MINUTES = 15


def processor_seconds():
    """Of all processes that were waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Trial:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.parts = {}
        os.environ.setdefault("THORAX_HOME", str(ROOT))

    def thorax(self, part, *words):
        """Runs a command; its time counts for a part."""
        before, start = processor_seconds(), time.perf_counter()
        done = subprocess.run(
            [self.options.thorax, *map(str, words), "--quiet"], capture_output=True, text=True, cwd=self.folder)
        if done.returncode != 0:
            sys.exit(f"thorax {' '.join(map(str, words))} ended with {done.returncode}: {done.stderr.strip()}")
        seconds = self.parts.setdefault(part, {"processor_seconds": 0, "seconds": 0})
        seconds["processor_seconds"] += processor_seconds() - before
        seconds["seconds"] += time.perf_counter() - start
        return done.stdout

    def train(self):
        options = self.options
        self.thorax("phantoms", "data", "phantom", "--count", options.count, "--seed", options.data_seed,
                    "--output", "phantoms")
        for stage, settings in (("vae", options.set_vae), ("diffusion", options.set_diffusion)):
            resumed = ["--resume"] if (self.folder / "run" / stage / "checkpoints").exists() else []
            self.thorax(f"train {stage}", "train", stage, "--data", "phantoms", "--output", "run", "--recipe", "phantom",
                        "--threads", options.threads, *resumed,
                        *[word for setting in settings for word in ("--set", setting)])
        self.thorax("export", "export", "run", "--output", "model", "--overwrite")

    def check(self):
        """The shares that are obeyed, and those by chance."""
        options = self.options
        self.thorax("prompts", "data", "phantom", "--prompts", "prompts.jsonl", "--count", options.prompts, "--seed",
                    options.prompt_seed, "--overwrite")
        guidance = ["--guidance", options.guidance] if options.guidance else []
        self.thorax("pictures", "generate", "--model", "model", "--prompts", "prompts.jsonl", "--seed", 1, "--output",
                    "pictures/phantom.png", "--overwrite", "--threads", options.threads, *guidance)
        lines = (self.folder / "prompts.jsonl").read_text(encoding="utf-8").splitlines()
        others = list(lines)
        for kind in LEAST:
            places = [place for place, line in enumerate(lines) if json.loads(line)["kind"] == kind]
            for place, other in zip(places, random.Random(options.prompt_seed).sample(places, len(places))):
                others[place] = lines[other]
        (self.folder / "others.jsonl").write_text("\n".join(others) + "\n", encoding="utf-8")
        return [json.loads(self.thorax("reading", "data", "phantom", "--check", name, "pictures", "--json"))
                for name in ("prompts.jsonl", "others.jsonl")]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--thorax", default=str(ROOT / ".build/release/thorax"))
    parser.add_argument("--work", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=10000)
    parser.add_argument("--prompts", type=int, default=500)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--data-seed", type=int, default=1)
    parser.add_argument("--prompt-seed", type=int, default=2027)
    parser.add_argument("--guidance")
    parser.add_argument("--set-vae", action="append", default=[])
    parser.add_argument("--set-diffusion", action="append", default=[])
    parser.add_argument("--output", type=pathlib.Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.work or pathlib.Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        trial = Trial(options, folder)
        trial.train()
        asked, chance = trial.check()
    minutes = sum(trial.parts[f"train {stage}"]["processor_seconds"] for stage in ("vae", "diffusion")) / 60
    print("| prompt | obeyed | by chance | at least |\n|---|---:|---:|---:|")
    for kind, least in LEAST.items():
        found = asked["kinds"][kind]
        print(f"| {kind} | {found['obeyed']} of {found['asked']} | {chance['kinds'][kind]['obeyed']} | {least:.2f} |")
    print("\n| part | processor minutes | minutes |\n|---|---:|---:|")
    for part, seconds in trial.parts.items():
        print(f"| {part} | {seconds['processor_seconds'] / 60:.1f} | {seconds['seconds'] / 60:.1f} |")
    print(f"\nTraining took {minutes:.1f} minutes of processor time; {asked['not_phantoms']} pictures are no phantoms.")
    if options.output:
        options.output.write_text(json.dumps(
            {"asked": asked, "chance": chance, "parts": trial.parts, "training_minutes": minutes}, indent=2) + "\n",
            encoding="utf-8")
    weak = [kind for kind, least in LEAST.items() if asked["kinds"][kind]["share"] < least]
    if weak or minutes > MOST_MINUTES:
        sys.exit("not reached: " + ", ".join(weak + (["time"] if minutes > MOST_MINUTES else [])))


if __name__ == "__main__":
    main()
