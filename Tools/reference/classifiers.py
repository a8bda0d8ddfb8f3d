"""Writes Tests/Fixtures/classifiers.safetensors and resnet50.safetensors: torchvision's densenet121 and resnet50 with one
input channel and three labels; and verifier.safetensors: a Siamese network of Packhäuser et al. (two branches of one
resnet50 of three colours with eight outputs, a sigmoid, the absolute difference, a linear layer), as CheXGenBench applies it.

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

FIXTURES = pathlib.Path(__file__).parents[2] / "Tests/Fixtures"


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


def write(path, network, image, first, last, norm):
    """What a network computes, and its gradients.

    first, last, norm: the convolution, the layer and the normalisation of which all is stored, by their names.
    """
    state = {name: tensor for name, tensor in network.state_dict().items() if not name.endswith("num_batches_tracked")}
    fill(state)
    network.double()
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
        "gradient.first": parameters[first + ".weight"].grad, "gradient.last": parameters[last + ".weight"].grad,
        "running_mean": state[norm + ".running_mean"], "running_var": state[norm + ".running_var"],
    }
    save_file(
        {name: tensor.float().contiguous() for name, tensor in results.items()}, path,
        metadata={"names": hashlib.sha256(listing.encode()).hexdigest(), "count": str(len(listing.splitlines()))})
    print(path, path.stat().st_size, "bytes", used, trained)


class Verifier(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.model = torchvision.models.resnet50(weights=None, num_classes=width)
        self.fc_end = torch.nn.Linear(width, 1)

    def embeddings(self, image):
        return self.model(image).sigmoid()

    def forward(self, one, other):
        return self.fc_end((self.embeddings(one) - self.embeddings(other)).abs()).sigmoid()


torch.manual_seed(0)
network = torchvision.models.densenet121(weights=None, num_classes=3)
network.features.conv0 = torch.nn.Conv2d(1, 64, 7, 2, 3, bias=False)
image = torch.randn(4, 1, 64, 64).double()
write(FIXTURES / "classifiers.safetensors", network, image, "features.conv0", "classifier", "features.norm5")
network = torchvision.models.resnet50(weights=None, num_classes=3)
network.conv1 = torch.nn.Conv2d(1, 64, 7, 2, 3, bias=False)
write(FIXTURES / "resnet50.safetensors", network, image, "conv1", "fc", "layer4.2.bn3")
network = Verifier(8)
fill({name: tensor for name, tensor in network.state_dict().items() if not name.endswith("num_batches_tracked")})
# With random weights embeddings would be 0 or 1, and the scores of all pairs near one another.
network.model.fc.weight.data *= 3e-3
network.fc_end.weight.data *= 30
network.double().eval()
images = torch.rand(4, 1, 64, 64, generator=torch.Generator().manual_seed(1)).double()
images = (images * torch.tensor([0.1, 0.4, 0.7, 1])[:, None, None, None]).expand(-1, 3, -1, -1)
with torch.no_grad():
    results = {
        "image": images[:, :1], "embeddings": network.embeddings(images), "scores": network(images, images.roll(1, 0))}
save_file({name: tensor.float().contiguous() for name, tensor in results.items()}, FIXTURES / "verifier.safetensors")
print(results["embeddings"], results["scores"])
