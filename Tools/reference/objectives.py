"""Writes Tests/Fixtures/objectives.safetensors: the losses of training as PyTorch computes them, with their gradients.

    python3 Tools/reference/objectives.py

Needs torch 2.11, safetensors. Inputs and weights are drawn from a seed and stored beside the results.
"""

import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

FIXTURE = pathlib.Path(__file__).parents[2] / "Tests/Fixtures/objectives.safetensors"


class PatchDiscriminator(torch.nn.Module):
    """Isola et al. (2017) as latent diffusion has it, with group normalisation; two halvings, 8 channels at first."""

    def __init__(self):
        super().__init__()
        conv = lambda i, o, stride, bias: torch.nn.Conv2d(i, o, 4, stride, 1, bias=bias)
        self.convolutions = torch.nn.ModuleList(
            [conv(1, 8, 2, True), conv(8, 16, 2, False), conv(16, 32, 1, False), conv(32, 1, 1, True)])
        self.norms = torch.nn.ModuleList([torch.nn.GroupNorm(8, 16), torch.nn.GroupNorm(8, 32)])

    def forward(self, x):
        x = F.leaky_relu(self.convolutions[0](x), 0.2)
        for convolution, norm in zip(self.convolutions[1:], self.norms):
            x = F.leaky_relu(norm(convolution(x)), 0.2)
        return self.convolutions[-1](x)


def adversarial():
    """Hinge losses of real and decoded images, the decoded images' gradient, and that of every weight."""
    network = PatchDiscriminator()
    real, decoded = torch.rand(2, 1, 24, 24) * 2 - 1, (torch.rand(2, 1, 24, 24) * 2 - 1).requires_grad_()
    verdict = -network(decoded).mean()
    gradient = torch.autograd.grad(verdict, decoded)[0]
    loss = 0.5 * (F.relu(1 - network(real)).mean() + F.relu(1 + network(decoded.detach())).mean())
    loss.backward()
    tensors = {
        "adversarial.real": real, "adversarial.decoded": decoded, "adversarial.verdict": verdict,
        "adversarial.verdict.gradient": gradient, "adversarial.loss": loss,
    }
    for name, parameter in network.named_parameters():
        tensors[f"adversarial.weight.{name}"], tensors[f"adversarial.grad.{name}"] = parameter, parameter.grad
    return tensors


def perceptual():
    """LPIPS (Zhang et al. 2018) with unit weights over two layers of features."""
    normalise = lambda x: x / (x.square().sum(1, keepdim=True).sqrt() + 1e-10)
    tensors, loss = {}, 0
    for layer, shape in enumerate([(2, 6, 4, 4), (2, 10, 2, 2)]):
        a, b = torch.randn(shape, requires_grad=True), torch.randn(shape)
        loss = loss + (normalise(a) - normalise(b)).square().sum(1).mean((1, 2)).mean()
        tensors[f"perceptual.a{layer}"], tensors[f"perceptual.b{layer}"] = a, b
    loss.backward()
    for layer in range(2):
        tensors[f"perceptual.grad{layer}"] = tensors[f"perceptual.a{layer}"].grad
    return tensors | {"perceptual.loss": loss}


def transformations():
    """EQ-VAE's scale and quarter turns, of latents of 8 and of images of 32 pixels a side."""
    tensors = {"transformation.latent": torch.randn(2, 3, 8, 8), "transformation.image": torch.rand(2, 1, 32, 32)}
    for side in (2, 5, 8):
        for turns in range(4):
            for what, factor in (("latent", 1), ("image", 4)):
                scaled = F.interpolate(
                    tensors[f"transformation.{what}"], size=side * factor, mode="bilinear", align_corners=False)
                turned = torch.rot90(scaled, turns, (2, 3)).contiguous()
                tensors[f"transformation.{what}.{side}.{turns}"] = turned
    return tensors


def classification():
    """Cross entropy over known labels alone, with weights of the positive ones, averaged over all that may be known."""
    logits, known = torch.randn(6, 4, requires_grad=True), torch.rand(6, 4) < 0.6
    target, weights = (torch.rand(6, 4) < 0.4).float(), torch.tensor([1.0, 3.0, 0.5, 8.0])
    loss = F.binary_cross_entropy_with_logits(logits, target, known.float(), pos_weight=weights)
    loss.backward()
    return {
        "classification.logits": logits, "classification.known": known.float(), "classification.target": target,
        "classification.weights": weights, "classification.loss": loss, "classification.grad": logits.grad,
    }


torch.manual_seed(0)
tensors = adversarial() | perceptual() | transformations() | classification()
save_file({name: tensor.detach().float().contiguous() for name, tensor in tensors.items()}, FIXTURE)
print(FIXTURE, FIXTURE.stat().st_size, "bytes")
