"""Writes Tests/Fixtures/optimisation.safetensors: what torch.optim.Muon computes.

    python3 Tools/reference/optimisation.py

Needs torch 2.11, safetensors. Gradients are stored as bytes q, which mean (q - 128) / 64 exactly. Every section seeds
itself.
"""

import pathlib

import torch
from safetensors.torch import save_file

FIXTURE = pathlib.Path(__file__).parents[2] / "Tests/Fixtures/optimisation.safetensors"


def stored(*shape):
    return torch.randint(0, 256, shape, dtype=torch.uint8)


def gradient(q):
    return (q.float() - 128) / 64


def muon():
    """100 steps of a wide, a tall and a convolution's matrix with a falling rate; `tall` has no gradient in every third.

    Products of bfloat16 are rounded as the processor adds them up. `muon.probe` is one of each size, so that a test can
    see whether this processor and that of the fixture round alike.
    """
    torch.manual_seed(1)
    shapes = {"wide": (20, 28), "tall": (12, 5), "convolution": (8, 3, 3, 3)}
    start = {name: torch.randn(shape) for name, shape in shapes.items()}
    gradients = {name: stored(100, *shape) for name, shape in shapes.items()}
    tensors = {f"muon.{name}.start": start[name] for name in shapes}
    tensors |= {f"muon.{name}.gradients": gradients[name] for name in shapes}
    for case, options in {
        "original": dict(),
        "matched": dict(
            adjust_lr_fn="match_rms_adamw", nesterov=False, momentum=0.9, weight_decay=0.3, ns_steps=3, eps=1e-3
        ),
    }.items():
        parameters = {name: torch.nn.Parameter(start[name].flatten(1).clone()) for name in shapes}
        optimizer = torch.optim.Muon(parameters.values(), lr=1.0, **options)
        for step in range(100):
            optimizer.param_groups[0]["lr"] = 1e-2 * (1 - step / 200)
            for name, parameter in parameters.items():
                parameter.grad = gradient(gradients[name][step]).flatten(1)
                if name == "tall" and step % 3 == 2:
                    parameter.grad = None
            optimizer.step()
        for name, parameter in parameters.items():
            tensors[f"muon.{name}.{case}"] = parameter.detach().reshape(shapes[name])
    for name, shape in shapes.items():
        x = gradient(gradients[name][0]).flatten(1).bfloat16()
        if x.size(0) > x.size(1):
            x = x.T
        gram = x @ x.T
        update = torch.addmm(gram, gram, gram, beta=-4.775, alpha=2.0315)
        tensors[f"muon.probe.{name}"] = torch.addmm(x, update, x, beta=3.4445)
    return tensors


if __name__ == "__main__":
    tensors = muon()
    save_file({name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}, FIXTURE)
    print(f"{FIXTURE}: {len(tensors)} tensors, {FIXTURE.stat().st_size} bytes")
