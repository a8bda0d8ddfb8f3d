"""Writes Tests/Fixtures/torchnn.safetensors: what PyTorch's layers and torch.optim.AdamW compute.

    python3 Tools/reference/torchnn.py

Needs torch 2.11, safetensors. Inputs and weights are drawn from a seed and stored beside the results.
"""

import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

FIXTURE = pathlib.Path(__file__).parents[2] / "Tests/Fixtures/torchnn.safetensors"


def layers():
    """Every layer: weights, input, output, and the gradients of mean(output^2)."""
    x_BCHW = torch.randn(2, 8, 6, 6)
    cases = {
        "linear": (torch.nn.Linear(6, 5), torch.randn(3, 6)),
        "convolution": (torch.nn.Conv2d(8, 12, 3, stride=2, padding=1), x_BCHW),
        "transposed": (torch.nn.ConvTranspose2d(8, 4, 4, stride=2, padding=1), x_BCHW),
        "groupNorm": (torch.nn.GroupNorm(4, 8), x_BCHW),
        "layerNorm": (torch.nn.LayerNorm(6), x_BCHW),
        "embedding": (torch.nn.Embedding(7, 4), torch.tensor([[1, 6], [0, 1]])),
    }
    tensors = {}
    for name, (module, x) in cases.items():
        if name.endswith("Norm"):
            torch.nn.init.normal_(module.weight)
            torch.nn.init.normal_(module.bias)
        y = module(x)
        y.square().mean().backward()
        tensors[f"{name}.in"] = x
        tensors[f"{name}.out"] = y
        for key, parameter in module.named_parameters():
            tensors[f"{name}.{key}"] = parameter
            tensors[f"{name}.grad.{key}"] = parameter.grad
    return tensors


def attention():
    """Attention of an 3x4 image of 8 channels in 2 heads to 5 tokens, of which the second row sees three."""
    q_BCHW, k_BSC, v_BSC = torch.randn(2, 8, 3, 4), torch.randn(2, 5, 8), torch.randn(2, 5, 8)
    mask_BS = torch.tensor([[True] * 5, [True] * 3 + [False] * 2])
    q, k, v = (t.reshape(2, -1, 2, 4).transpose(1, 2) for t in (q_BCHW.flatten(2).transpose(1, 2), k_BSC, v_BSC))
    scores = (q @ k.transpose(-1, -2) / 2.0).masked_fill(~mask_BS[:, None, None], float("-inf"))
    out = (scores.softmax(-1) @ v).transpose(1, 2).reshape(2, 12, 8).transpose(1, 2).reshape(2, 8, 3, 4)
    return {
        "attention.query": q_BCHW, "attention.key": k_BSC, "attention.value": v_BSC,
        "attention.mask": mask_BS.to(torch.uint8), "attention.out": out,
    }


def adamw():
    """100 steps over given gradients with a falling rate; `b` has none in every third step."""
    tensors = {}
    for case, options in {
        "default": dict(weight_decay=0.01),
        "strong": dict(weight_decay=0.3, betas=(0.8, 0.95), eps=1e-6),
    }.items():
        a, b = torch.nn.Parameter(torch.randn(4, 3)), torch.nn.Parameter(torch.randn(5))
        tensors[f"adamw.{case}.a0"], tensors[f"adamw.{case}.b0"] = a.detach().clone(), b.detach().clone()
        gradients_a, gradients_b = torch.randn(100, 4, 3), torch.randn(100, 5) * 10
        optimizer = torch.optim.AdamW([a, b], lr=1.0, **options)
        for step in range(100):
            optimizer.param_groups[0]["lr"] = 1e-2 * (1 - step / 200)
            a.grad = gradients_a[step].clone()
            b.grad = None if step % 3 == 2 else gradients_b[step].clone()
            optimizer.step()
            if step == 49:
                tensors[f"adamw.{case}.a50"] = a.detach().clone()
        tensors[f"adamw.{case}.gradients_a"], tensors[f"adamw.{case}.gradients_b"] = gradients_a, gradients_b
        tensors[f"adamw.{case}.a100"], tensors[f"adamw.{case}.b100"] = a.detach(), b.detach()
    return tensors


def clipping():
    """Two gradients, scaled together to a norm of 1."""
    a, b = torch.nn.Parameter(torch.zeros(4, 3)), torch.nn.Parameter(torch.zeros(5))
    a.grad, b.grad = torch.randn(4, 3), torch.randn(5) * 3
    before = {"clip.a": a.grad.clone(), "clip.b": b.grad.clone()}
    norm = torch.nn.utils.clip_grad_norm_([a, b], 1.0)
    return before | {"clip.norm": norm.reshape(1), "clip.a.out": a.grad, "clip.b.out": b.grad}


def initialisation():
    """The bounds of PyTorch's default rules, as the largest magnitude among many draws."""
    return {
        "init.convolution": torch.nn.Conv2d(64, 512, 3).weight.abs().max().reshape(1),
        "init.transposed": torch.nn.ConvTranspose2d(512, 16, 4).weight.abs().max().reshape(1),
        "init.linear": torch.nn.Linear(100, 5000).weight.abs().max().reshape(1),
    }


def batch_norm():
    """Three steps of training, then use: outputs, gradients of mean(output^2), running values after each step."""
    torch.manual_seed(1)
    module = torch.nn.BatchNorm2d(6, eps=1e-3, momentum=0.2)
    torch.nn.init.normal_(module.weight)
    torch.nn.init.normal_(module.bias)
    x = torch.randn(4, 3, 6, 5, 4) * 3 + 2
    tensors = {"batchNorm.weight": module.weight, "batchNorm.bias": module.bias, "batchNorm.in": x}
    outputs, means, variances = [], [], []
    for step in range(4):
        module.train(step < 3)
        module.zero_grad()
        leaf = x[step].clone().requires_grad_()
        y = module(leaf)
        y.square().mean().backward()
        outputs.append(y)
        means.append(module.running_mean.clone())
        variances.append(module.running_var.clone())
        if step >= 2:
            name = "batchNorm.training" if step == 2 else "batchNorm.use"
            tensors[f"{name}.grad.in"] = leaf.grad
            tensors[f"{name}.grad.weight"] = module.weight.grad.clone()
            tensors[f"{name}.grad.bias"] = module.bias.grad.clone()
    return tensors | {
        "batchNorm.out": torch.stack(outputs), "batchNorm.means": torch.stack(means),
        "batchNorm.variances": torch.stack(variances),
    }


def pooling():
    """DenseNet's two poolings, and one of each with other sizes, with the gradients of mean(output^2)."""
    torch.manual_seed(2)
    x = torch.randn(2, 3, 9, 7)
    tensors = {"pooling.in": x}
    for name, module in {
        "max": torch.nn.MaxPool2d(3, 2, 1),
        "maxPlain": torch.nn.MaxPool2d(2),
        "average": torch.nn.AvgPool2d(2),
        "averagePadded": torch.nn.AvgPool2d(3, 2, 1),
    }.items():
        leaf = x.clone().requires_grad_()
        y = module(leaf)
        y.square().mean().backward()
        tensors[f"pooling.{name}.out"], tensors[f"pooling.{name}.grad"] = y, leaf.grad
    return tensors | {"leaky": F.leaky_relu(x, 0.2)}


if __name__ == "__main__":
    torch.manual_seed(0)
    tensors = layers() | attention() | adamw() | clipping() | initialisation() | batch_norm() | pooling()
    save_file({name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}, FIXTURE)
    print(f"{FIXTURE}: {len(tensors)} tensors, {FIXTURE.stat().st_size} bytes")
