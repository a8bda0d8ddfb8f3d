"""Writes Tests/Fixtures/reward.safetensors: what the training by classifiers' reward computes, with gradients.

    python3 Tools/reference/reward.py

Needs torch 2.11, safetensors. All in float64.

  places: log odds of five labels in maps of 16 x 16 and for whole images of four; how much they are seen on the left of the
    image, and above the middle of the lungs; what falls short of what is asked for, each label to be as high among real radiographs
    as the teacher's image is among the teacher's, and the gradient of its weighted sum.
  moments: the squared Fréchet distance, to second order, that five images tell of, and that of means with a label, beside the teacher's of
    the same noise; its gradient.
  recent: the same distance as five images move it beside those of two steps before, each of which counts by its share of 32 images,
    and beside the teacher's; its gradient.
  bands: the logarithm of power in bands of frequency, and the gradient of its weighted sum.
  sampler: seven steps of DPM-Solver++(2M) (Lu et al., arXiv:2211.01095, algorithm 2) on a rectified flow, times moved by a
    shift of 1.8, of the velocity tanh(x W) + t u; the sample, and the gradients of its weighted sum.
"""

import math
import pathlib

import torch
from safetensors.torch import save_file

torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(3)
SHARPNESS, MARGIN, PLACE_WEIGHT = 2.0, 1.5, 0.8
PLAINNESS, PLACED_PLAINNESS, DENIED_PLAINNESS = 0.4, 0.75, 0.6
MOST_DIRECTIONS = 3
results = {}


def randn(*shape):
    return torch.randn(shape, generator=generator)


# Places.
maps = (randn(4, 5, 16, 16) * 2).requires_grad_()
logits = (randn(4, 5) * 2).requires_grad_()
usual = randn(1, 5)
# What the network says of seven real radiographs with each label and of as many without; of the last there are none. The same of
# nine images of the teacher each, and of the teacher's image of each row, one of which is among the nine.
present, absent = randn(5, 7) + 1, randn(5, 7) - 1
drawn_present, drawn_absent = randn(5, 9), randn(5, 9) - 0.5
before = randn(4, 5)
before[0, 0] = drawn_present[0, 4]
# Rows are images, columns labels: present or denied, on the patient's right or left, above or below.
presence = torch.tensor([[1, 0, -1, 0, 0], [0, 1, 1, 0, -1], [0, 0, 0, 0, 0], [1, 0, 0, -1, 1]]).double()
side = torch.tensor([[1, 0, 0, 0, 0], [0, -1, 1, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, -1]]).double()
# Those with any side or zone at all: the first of the last row is on both sides.
placed = torch.zeros(4, 5, dtype=torch.bool)
placed[0, 0] = placed[3, 0] = placed[1, 1] = placed[1, 2] = True
height = torch.tensor([[-1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 0, 0, 0], [1, 0, 0, 0, 0]]).double()


def odds(part):
    places = part.flatten(2)
    return (torch.logsumexp(SHARPNESS * places, dim=2) - math.log(places.shape[2])) / SHARPNESS


def shortfall(log_odds, signs):
    return torch.clamp(signs.abs() * MARGIN - signs * log_odds, min=0).sum(1)


def distance(log_odds):
    """From what is wanted of labels: a Huber loss without a corner (Charbonnier)."""
    shares = torch.where((side != 0) | placed, PLACED_PLAINNESS, PLAINNESS)
    shares[presence < 0] = DENIED_PLAINNESS
    wanted = torch.zeros(4, 5)
    for row, label in presence.nonzero().tolist():
        sign, said, share = presence[row, label].item(), before[row, label], shares[row, label].item()
        real, drawn = (present, drawn_present) if sign > 0 else (absent, drawn_absent)
        if label == 4:
            wanted[row, label] = sign * max(sign * said.item(), MARGIN)
            continue
        below = (drawn[label] < said).sum() + (drawn[label] == said).sum() / 2
        rank = min(max((below.item() - 0.5) / (drawn.shape[1] - 1), 0), 1)
        wanted[row, label] = torch.quantile(real[label], share + (1 - share) * rank if sign > 0 else (1 - share) * rank)
    return ((((log_odds - wanted).square() + 1).sqrt() - 1) * presence.abs()).sum(1)


rightward = odds(maps[..., :8]) - odds(maps[..., 8:])
upward = odds(maps[:, :, :7]) - odds(maps[:, :, 7:])
lacking = distance(logits) + PLACE_WEIGHT * (shortfall(rightward, side) + shortfall(upward - usual, height))
weights = torch.tensor([1.0, -0.5, 2.0, 0.7])
(lacking * weights).sum().backward()
results |= {
    "maps": maps.detach(), "logits": logits.detach(), "usual": usual, "present": present,
    "absent": absent, "drawn_present": drawn_present, "drawn_absent": drawn_absent, "before": before, "rightward": rightward.detach(),
    "upward": upward.detach(), "shortfall": lacking.detach(), "maps.gradient": maps.grad, "logits.gradient": logits.grad,
}

# Moments: rows are texts, columns what describes an image of each. Three directions are kept of six. Of three labels the first two are
# asked for often enough.
real, taught = randn(40, 6) @ randn(6, 6) + 0.5, randn(40, 6) @ randn(6, 6)
known_asked = torch.stack([torch.arange(40) % 2 == 0, torch.arange(40) % 5 < 2, torch.arange(40) == 7], dim=1).double()
drawn, beside = randn(5, 6).requires_grad_(), randn(5, 6)
asked = torch.tensor([[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1], [0, 0, 0]]).double()
mean, covariance = real.mean(0), torch.cov(real.T, correction=0)
values, vectors = torch.linalg.eigh(covariance)
values, vectors = values[-MOST_DIRECTIONS:], vectors[:, -MOST_DIRECTIONS:]
frequent = known_asked[:, :2]


def side(image):
    return (image - mean) @ vectors


def factors(labels):
    """A 1, and each label with mean 0 and variance 1 over all texts."""
    standardised = (labels[:2] - frequent.mean(0)) / frequent.std(0, correction=0)
    return torch.cat([torch.ones(1), standardised])


known_first = torch.stack(
    [torch.outer(side(one) - side(other), factors(labels)) for one, other, labels in zip(taught, real, known_asked)]
).mean(0)
known_second = torch.stack([torch.outer(side(image), side(image)) for image in taught]).mean(0) - torch.diag(values)


def gap(image, other, labels):
    """What one image tells of the differences of means, of those with labels, and of second moments."""
    own, its = side(image), side(other)
    first = torch.outer(own - its, factors(labels)) + known_first
    second = torch.outer(own, own) - torch.outer(its, its) + known_second
    # The metric of Bures: to first order the root of a matrix changes by a share of 1 / (root + root).
    return first, second / torch.sqrt(2 * (values[:, None] + values[None, :]))


gaps = [gap(*row) for row in zip(drawn, beside, asked)]
products = [
    (one[0] * other[0]).sum() + (one[1] * other[1]).sum() for one in gaps for other in gaps if one is not other
]
moments = sum(products) / len(products) / values.sum()
moments.backward()
results |= {
    "moments.real": real, "moments.taught": taught, "moments.known_asked": known_asked, "moments.drawn": drawn.detach(),
    "moments.beside": beside, "moments.asked": asked, "moments": moments.detach(), "moments.gradient": drawn.grad,
}

# Bands: the power of images of 16 x 16 in eight bands of equal width up to 0.5 cycles a pixel, without their mean, edges softened by
# Hann's window.
images = randn(2, 1, 16, 16).requires_grad_()
hann = torch.sin(math.pi * (torch.arange(16) + 0.5) / 16) ** 2
spectra = torch.fft.fft2((images - images.mean((2, 3), keepdim=True)) * hann[:, None] * hann[None, :]).abs() ** 2 / 16**2
frequencies = torch.fft.fftfreq(16)
radius = torch.hypot(frequencies[:, None], frequencies[None, :])
edges = torch.linspace(0, 0.5, 9)
powers = torch.stack(
    [
        spectra[..., (radius > low + 1e-12) & (radius <= high + 1e-12)].mean(-1)
        for low, high in zip(edges[:-1], edges[1:])
    ],
    dim=-1,
)
log_powers = (powers + 1e-8).log()
band_weights = randn(2, 1, 8)
(log_powers * band_weights).sum().backward()
results |= {
    "bands.images": images.detach(), "bands": log_powers.detach(), "bands.weights": band_weights,
    "bands.gradient": images.grad,
}

# Sampler.
noise = randn(2, 4, 3, 3).requires_grad_()
weight = (randn(4, 4) / 2).requires_grad_()
slope = randn(4).requires_grad_()
steps, shift = 7, 1.8
# Trailing: from 1 on, each time of a uniform grid moved towards noise.
times = [shift * t / (1 + (shift - 1) * t) for t in (1 - i / steps for i in range(steps))] + [0.0]


def velocity(x, t):
    return torch.tanh(torch.einsum("bchw,cd->bdhw", x, weight)) + t * slope.view(1, 4, 1, 1)


x, last, last_h = noise, None, None
for index, (t, s) in enumerate(zip(times, times[1:])):
    clean = x - t * velocity(x, t)
    # lambda = log(alpha / sigma), alpha = 1 - t, sigma = t: exp(-h) is 0 from pure noise and to none.
    decay = (1 - t) * s / ((1 - s) * t)
    h = -math.log(decay) if decay > 0 else math.inf
    data = clean
    if last is not None and s > 0 and index < steps - 1 and math.isfinite(last_h):
        data = clean + (clean - last) * (h / last_h) / 2
    x = s / t * x + (1 - s) * (1 - decay) * data
    last, last_h = clean, h
sample_weights = randn(2, 4, 3, 3)
(x * sample_weights).sum().backward()
results |= {
    "noise": noise.detach(), "weight": weight.detach(), "slope": slope.detach(), "sample": x.detach(),
    "sample.weights": sample_weights, "noise.gradient": noise.grad, "weight.gradient": weight.grad,
    "slope.gradient": slope.grad,
}

# Recent: what is told by steps one after another.
def flat(first, second):
    return torch.cat([first.flatten(), (second / torch.sqrt(2 * (values[:, None] + values[None, :]))).flatten()])


steps_drawn, steps_beside = randn(3, 5, 6), randn(3, 5, 6)
told = flat(known_first, known_second)
for step in range(2):
    images = zip(steps_drawn[step], steps_beside[step], asked)
    latest = torch.stack([torch.cat([part.flatten() for part in gap(*row)]) for row in images]).mean(0)
    told = told + (latest - told) * 5 / 32
last_drawn = steps_drawn[2].clone().requires_grad_()
shares = [torch.cat([part.flatten() for part in gap(*row)]) @ told for row in zip(last_drawn, steps_beside[2], asked)]
recent = (2 * sum(shares) / 5 - told @ told) / values.sum()
recent.backward()
results |= {
    "recent.drawn": steps_drawn, "recent.beside": steps_beside, "recent": recent.detach(), "recent.gradient": last_drawn.grad,
}

path = pathlib.Path(__file__).parents[2] / "Tests/Fixtures/reward.safetensors"
save_file({name: tensor.contiguous() for name, tensor in results.items()}, path)
print(path, path.stat().st_size, "bytes")
