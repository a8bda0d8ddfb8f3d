"""Writes Tests/Fixtures/optimisation.safetensors: what torch.optim.Muon,
torch.amp.GradScaler and, in numpy, the formulas of power-function averages compute.

    python3 Tools/reference/optimisation.py

Needs torch 2.11, numpy, safetensors. Gradients are stored as bytes q, which mean (q - 128) / 64 exactly. Every section seeds
itself.
"""

import pathlib

import numpy as np
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


def loss_scaler():
    """200 steps whose gradients are infinite or NaN now and then; scale, tracker and finding after each.

    `a` is float32, `b` float16. `ceiling` starts so high that the scale would grow out of float32.
    """
    tensors = {}
    for case, (start, options, share) in {
        "usual": (1024.0, dict(growth_interval=7), 0.12),
        "odd": (1000.0, dict(growth_factor=1.7, backoff_factor=0.3, growth_interval=3), 0.2),
        "ceiling": (2.0**125, dict(growth_interval=4), 0.02),
    }.items():
        torch.manual_seed(2)
        planted = (torch.rand(200) < share).long() * torch.randint(1, 4, (200,))
        a, b = torch.nn.Parameter(torch.zeros(3, 4)), torch.nn.Parameter(torch.zeros(5).half())
        optimizer = torch.optim.SGD([a, b], lr=0.0)
        scaler = torch.amp.GradScaler("cpu", init_scale=start, **options)
        scales, trackers = torch.zeros(200), torch.zeros(200, dtype=torch.int64)
        gradients = torch.arange(12.0).reshape(3, 4) - 3
        for step in range(200):
            scaler.scale(torch.zeros(1))  # makes the scaler's tensors
            a.grad, b.grad = gradients.clone(), torch.arange(5.0).half()
            if planted[step] == 1:
                a.grad[1, 2] = float("inf")
            if planted[step] == 2:
                a.grad[2, 3] = float("nan")
            if planted[step] == 3:
                b.grad[4] = float("-inf")
            for group in [[a], [b]]:  # the call of unscale_, which refuses float16
                torch._amp_foreach_non_finite_check_and_unscale_(
                    [p.grad for p in group],
                    scaler._per_optimizer_states[id(optimizer)]["found_inf_per_device"].setdefault(
                        torch.device("cpu"), torch.zeros(1)
                    ),
                    scaler._scale.double().reciprocal().float(),
                )
            if step == 0:
                tensors[f"scaler.{case}.a"], tensors[f"scaler.{case}.b"] = a.grad, b.grad
            scaler.update()
            scales[step], trackers[step] = scaler.get_scale(), scaler._get_growth_tracker()
        tensors[f"scaler.{case}.planted"] = planted.to(torch.uint8)
        tensors[f"scaler.{case}.scales"], tensors[f"scaler.{case}.trackers"] = scales, trackers
    return tensors


def gamma_of(deviation):
    """The greatest root of the cubic that equation 3 of Karras et al. 2024 (EDM2) leads to."""
    t = float(deviation) ** -2
    return np.roots([1, 7, 16 - t, 12 - t]).real.max()


def inner_product(t_a, gamma_a, t_b, gamma_b):
    """The integral of the product of two profiles (gamma + 1) s^gamma / t^(gamma + 1), 0 <= s <= t."""
    t_ratio = t_a / t_b
    t_exp = np.where(t_a < t_b, gamma_b, -gamma_a)
    t_max = np.maximum(t_a, t_b)
    return (gamma_a + 1) * (gamma_b + 1) * t_ratio**t_exp / ((gamma_a + gamma_b + 1) * t_max)


def solve_weights(t_i, gamma_i, t_r, gamma_r):
    def column(x):
        return np.float64(x).reshape(-1, 1)

    def row(x):
        return np.float64(x).reshape(1, -1)

    a = inner_product(column(t_i), column(gamma_i), row(t_i), row(gamma_i))
    b = inner_product(column(t_i), column(gamma_i), row(t_r), row(gamma_r))
    return np.linalg.solve(a, b)[:, 0]


def power_function_averages():
    """Exponents, two averages of a random walk of 4 weights over 300 steps, and weights of snapshots."""
    random = np.random.default_rng(3)
    deviations = [0.01, 0.05, 0.1, 0.15, 0.2, 0.25, 0.28]
    walk = np.cumsum(random.standard_normal((300, 4)), axis=0).astype(np.float32)
    tensors = {
        "power.deviations": np.float64(deviations),
        "power.gammas": np.float64([gamma_of(d) for d in deviations]),
        "power.walk": walk,
    }
    for deviation in (0.05, 0.1):
        gamma, average = gamma_of(deviation), np.zeros(4)
        for t in range(1, 301):
            beta = (1 - 1 / t) ** (gamma + 1)
            average = beta * average + (1 - beta) * walk[t - 1]
        tensors[f"power.average.{deviation}"] = average
    times = np.float64([64, 128, 192, 256, 300] * 2)
    gammas = np.float64([gamma_of(0.05)] * 5 + [gamma_of(0.1)] * 5)
    for target, (t, deviation) in {"wide": (300, 0.15), "between": (256, 0.075), "short": (200, 0.06)}.items():
        tensors[f"power.weights.{target}"] = solve_weights(times, gammas, [t], [gamma_of(deviation)])
    return {name: torch.from_numpy(value) for name, value in tensors.items()}


if __name__ == "__main__":
    tensors = muon() | loss_scaler() | power_function_averages()
    save_file({name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}, FIXTURE)
    print(f"{FIXTURE}: {len(tensors)} tensors, {FIXTURE.stat().st_size} bytes")
