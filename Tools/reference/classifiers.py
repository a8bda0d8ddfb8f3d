"""Writes Tests/Fixtures/classifiers.safetensors: torchvision's densenet121 with one input channel and three labels.

    python3 Tools/reference/classifiers.py

Needs torch 2.11, torchvision 0.26, safetensors. Weights come from a generator of seed 0, one tensor after another in the
order of their names as plain strings: r = randn; more than one dimension: r times the root of 2 / fan-in; weights of one
dimension: 1 + 0.1 r; variances: 1 + 0.1 r^2; all else: 0.1 r. Only images and what comes of them are stored, and a hash
of all names and shapes. All is computed in float64: in float32 the gradients of the first layers have errors of a percent.
"""

import hashlib
import math
import pathlib

import torch
import torchvision
from safetensors.torch import save_file

FIXTURE = pathlib.Path(__file__).parents[2] / "Tests/Fixtures/classifiers.safetensors"


def fill(state):
    generator = torch.Generator().manual_seed(0)
    for name, tensor in sorted(state.items()):
        r = torch.randn(tensor.shape, generator=generator)
        if tensor.dim() > 1:
            tensor.copy_(r * math.sqrt(2 * tensor.shape[0] / tensor.numel()))
        elif name.endswith("running_var"):
            tensor.copy_(1 + 0.1 * r.square())
        else:
            tensor.copy_(1 + 0.1 * r if name.endswith("weight") else 0.1 * r)


torch.manual_seed(0)
network = torchvision.models.densenet121(weights=None, num_classes=3)
network.features.conv0 = torch.nn.Conv2d(1, 64, 7, 2, 3, bias=False)
state = {name: tensor for name, tensor in network.state_dict().items() if not name.endswith("num_batches_tracked")}
fill(state)
network.double()
image = torch.randn(4, 1, 64, 64).double()
network.eval()
used = network(image).detach()
network.train()
trained = network(image)
trained.square().mean().backward()
parameters = dict(sorted(network.named_parameters()))
listing = "".join(f"{name} {list(tensor.shape)}\n" for name, tensor in sorted(state.items()))
state = network.state_dict()
results = {
    "image": image, "used": used, "trained": trained.detach(),
    "gradients": torch.stack([parameter.grad.norm() for parameter in parameters.values()]),
    "gradient.conv0": parameters["features.conv0.weight"].grad,
    "gradient.classifier": parameters["classifier.weight"].grad,
    "running_mean": state["features.norm5.running_mean"], "running_var": state["features.norm5.running_var"],
}
save_file(
    {name: tensor.float().contiguous() for name, tensor in results.items()}, FIXTURE,
    metadata={"names": hashlib.sha256(listing.encode()).hexdigest(), "count": str(len(listing.splitlines()))})
print(FIXTURE, FIXTURE.stat().st_size, "bytes", used, trained)
