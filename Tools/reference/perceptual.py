"""Writes Tests/Fixtures/metrics/perceptual.json: distances of the package lpips with random weights.

    python Tools/reference/perceptual.py Tests/Fixtures/metrics/perceptual.json

Needs torch, torchvision, lpips. Weights come from a generator of seed 0, one tensor after another in the order of their
names as plain strings, `features.N` for the backbone: r = randn; the backbone's weights: r times the root of 2 / fan-in; its
biases: 0.1 r; those of the channels: |r|. The images are drawn by SplitMix64 as in the tests; only distances are stored, and
for each backbone a hash of the names and shapes of all weights.
"""

import hashlib
import json
import math
import sys
from pathlib import Path

import torch
import torchvision_networks  # noqa: F401, before lpips
import lpips
from metrics import images


def published_name(name):
    """`net.slice2.3.weight` of lpips is `features.3.weight` of torchvision; None for what is there twice or fixed."""
    parts = name.split(".")
    if parts[0] in ("lins", "scaling_layer"):
        return None
    return ".".join(["features", *parts[2:]]) if parts[0] == "net" else name


def main(path):
    result = {}
    for backbone in ("alex", "vgg"):
        model = lpips.LPIPS(pretrained=False, net=backbone, pnet_rand=True, verbose=False)
        state = model.state_dict()
        names = {published_name(name): name for name in state if published_name(name)}
        generator = torch.Generator().manual_seed(0)
        for name in sorted(names):
            tensor = state[names[name]]
            r = torch.randn(tensor.shape, generator=generator)
            if name.startswith("lin"):
                r = r.abs()
            else:
                r *= math.sqrt(2 * tensor.shape[0] / tensor.numel()) if tensor.dim() > 1 else 0.1
            tensor.copy_(r)
        listing = "".join(f"{name} {list(state[names[name]].shape)}\n" for name in sorted(names))
        values = {"names": hashlib.sha256(listing.encode()).hexdigest()}
        for size, (height, width) in (("square", (64, 64)), ("oblong", (47, 90))):
            a, b = images(61, 3, height, width), images(62, 3, height, width)
            b[1] = (15 * a[1] + b[1]) / 16
            x, y = (torch.from_numpy(z).float()[:, None].repeat(1, 3, 1, 1) for z in (a, b))
            with torch.no_grad():
                values[size] = model(x, y, normalize=True).flatten().tolist()
        result[backbone] = values
        print(backbone, len(names), "tensors", values)
    path.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
