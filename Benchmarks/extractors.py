"""Measures the features of Inception-v3 against pytorch-fid's own function, and the memory that statistics take.

    swift build -c release --product measure
    python3 Tools/reference/extractors.py --weights WEIGHTS
    python3 Benchmarks/extractors.py --weights WEIGHTS [PART...] [--images DIR] [--count 96] [--batch 50] [--rounds 5]
        [--threads 2] [--measure .build/release/measure] [--python PATH] [--json extractors.json]

Needs a Python with torch 2.11, torchvision, pytorch-fid, safetensors, NumPy and Pillow (--python names another than this
one). Parts, all of them if none is given:

    speed    images a second of `measure features --pipeline legacy` and of pytorch-fid's `get_activations`, decoding
             included, with the same file of weights, the same images and the same threads. pytorch-fid is tried with and
             without a process that decodes, in contiguous memory as it has it, and the faster one counts. The sides take
             turns; each has had one batch before its clock starts. How far the features differ stands beside.
    memory   peak memory of `measure features` over the images eight times and 32 times.

Without --images, --count grey PNG files of 512 x 512 pixels are drawn.
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
WEIGHTS = "pt_inception-2015-12-05-6726825d.pth"


def reference(options):
    """pytorch-fid's side: prints images a second, and stores the features where they are wanted."""
    import contextlib
    import io

    import pytorch_fid.fid_score as score
    import pytorch_fid.inception as module
    import torch
    from safetensors.torch import save_file

    torch.set_num_threads(options.threads)
    state = torch.load(options.weights / WEIGHTS)
    module.load_state_dict_from_url = lambda *arguments, **more: state
    model = module.InceptionV3([3]).eval()
    files = sorted(options.images.glob("*.png")) + sorted(options.images.glob("*.jpg"))
    with contextlib.redirect_stderr(io.StringIO()):
        score.get_activations(files[:options.batch], model, options.batch, 2048, "cpu", 0)
        start = time.perf_counter()
        activations = score.get_activations(files, model, options.batch, 2048, "cpu", options.workers)
        seconds = time.perf_counter() - start
    if options.features:
        save_file({"features": torch.from_numpy(activations).float()}, options.features)
    print(json.dumps({"images_per_second": len(files) / seconds, "torch": torch.__version__}))


def call(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}: {done.stderr.strip()}")
    return json.loads(done.stdout.splitlines()[-1])


def spread(values):
    return {"median": statistics.median(values), "least": min(values), "greatest": max(values)}


def ours(options, *more):
    return call(options.measure, "features", "--extractor", options.weights / WEIGHTS, "--images", options.images,
                "--pipeline", "legacy", "--batch", options.own_batch, "--threads", options.threads, "--json", *more)


def theirs(options, workers, *more):
    return call(options.python, __file__, "--reference", "--weights", options.weights, "--images", options.images, "--batch",
                options.batch, "--threads", options.threads, "--workers", workers, *more)


def speed(options):
    import numpy as np
    from safetensors.numpy import load_file

    with tempfile.TemporaryDirectory() as folder:
        first, second = f"{folder}/ours.safetensors", f"{folder}/theirs.safetensors"
        ours(options, "--features", first)
        theirs(options, 0, "--features", second)
        a, b = (load_file(path)["features"] for path in (first, second))
    rates = {"thorax": [], "pytorch-fid, 0 workers": [], "pytorch-fid, 1 worker": []}
    for turn in range(options.rounds):
        for name in list(rates) if turn % 2 == 0 else reversed(list(rates)):
            if name == "thorax":
                found = ours(options)
            else:
                found = theirs(options, int(name.split()[1]))
                torch = found["torch"]
            rates[name].append(found["images_per_second"])
    best = max(list(rates)[1:], key=lambda name: statistics.median(rates[name]))
    return {
        "images": len(a), "rounds": options.rounds, "threads": options.threads, "batch": options.own_batch,
        "reference_batch": options.batch, "torch": torch,
        "images_per_second": {name: spread(values) for name, values in rates.items()}, "reference": best,
        "ratio": spread([one / other for one, other in zip(rates["thorax"], rates[best])]),
        "largest_difference_over_mean": float(np.abs(a - b).max() / np.abs(b).mean())}


def memory(options):
    # Fewer than 256 images fill no block that is added to the covariance, and say nothing.
    found = [ours(options, "--repeat", times) for times in (8, 32)]
    return {str(one["images"]): one["peak_memory_bytes"] for one in found}


def draw(folder, count):
    sys.path.insert(0, str(ROOT / "Tools/reference"))
    import extractors
    from PIL import Image
    for index in range(count):
        Image.fromarray(extractors.picture(index, 512, 512, 3 + index % 20)).save(f"{folder}/{index:05}.png")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = {"speed": speed, "memory": memory}
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(parts))
    parser.add_argument("--weights", type=pathlib.Path, required=True)
    parser.add_argument("--images", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=96)
    parser.add_argument("--batch", type=int, default=50, help="images that pytorch-fid computes at once")
    parser.add_argument("--own-batch", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--measure", type=pathlib.Path, default=ROOT / ".build/release/measure")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--json", type=pathlib.Path, default=pathlib.Path("extractors.json"))
    parser.add_argument("--reference", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--workers", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--features", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.reference:
        return reference(options)
    unknown = [part for part in options.parts if part not in parts]
    if unknown:
        parser.error(f"{unknown[0]}: the parts are {', '.join(parts)}")
    os.environ.setdefault("THORAX_HOME", str(ROOT))
    found = json.loads(options.json.read_text()) if options.json.exists() else {}
    found["date"] = str(datetime.date.today())
    found["load"] = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        if not options.images:
            draw(folder, options.count)
            options.images = pathlib.Path(folder)
        for part in options.parts or parts:
            found[part] = parts[part](options)
            options.json.write_text(json.dumps(found, indent=1) + "\n")
            print(json.dumps({part: found[part]}, indent=1))


if __name__ == "__main__":
    main()
