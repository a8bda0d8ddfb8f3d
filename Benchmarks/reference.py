"""Times the `released` networks in eager PyTorch, as the article author's code would run them with guidance that works.

    python3 Benchmarks/reference.py [--steps 50] [--runs 3] [--threads N] [--tokens 256] [--device cpu]

One image: DDIM steps of one batch of two (no text and the prompt) through the U-Net, then the decoder; float32, random
weights, PyTorch's default memory format, no compiler. Prints one JSON object. The networks are those of
Tools/reference/models.py, which the tests compare Sources/RadiographModels with. Needs torch 2.11.
"""

import argparse
import json
import pathlib
import statistics
import sys
import time

import torch
import torch.nn.functional as F

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "Tools/reference"))
import models  # noqa: E402


def milliseconds(body, runs):
    """Median and 95th percentile over `runs`, after a warm-up of one."""
    body()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        body()
        times.append((time.perf_counter() - start) * 1000)
    times.sort()
    return {"ms_p50": statistics.median(times), "ms_p95": times[min(len(times) - 1, len(times) * 95 // 100)],
            "runs": runs}


def reference_convolution(duration=0.5):
    """GFLOP/s of the convolution that `thorax bench` measures too."""
    x = torch.randn(2, 64, 32, 32).to(memory_format=torch.channels_last)
    weight = torch.randn(64, 64, 3, 3).to(memory_format=torch.channels_last)
    bias = torch.zeros(64)
    for _ in range(20):
        F.conv2d(x, weight, bias, padding=1)
    times, end = [], time.perf_counter() + duration
    while time.perf_counter() < end:
        start = time.perf_counter()
        for _ in range(10):
            F.conv2d(x, weight, bias, padding=1)
        times.append((time.perf_counter() - start) / 10)
    return 2 * 2 * 64 * 64 * 9 * 32 * 32 / statistics.median(times) / 1e9


def denoise(unet, context, steps, guidance):
    """DDIM (eta 0) over linear betas, leading spacing, noise prediction."""
    alphas = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64), 0)
    stride = 1000 // steps
    x = torch.randn(1, 8, 32, 32, device=context.device)
    for index in reversed(range(steps)):
        t = index * stride
        alpha = alphas[t].item()
        alpha_next = alphas[t - stride].item() if t >= stride else 1.0
        without, guided = unet(torch.cat([x, x]), torch.full((2,), t, device=x.device), context).chunk(2)
        noise = without + guidance * (guided - without)
        clean = (x - (1 - alpha) ** 0.5 * noise) / alpha ** 0.5
        x = alpha_next ** 0.5 * clean + (1 - alpha_next) ** 0.5 * noise
    return x


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--tokens", type=int, default=256)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    device = torch.device(arguments.device)
    unet, autoencoder = models.ReleasedUNet().eval().to(device), models.ReleasedAutoencoder().eval().to(device)
    context = torch.cat([torch.zeros(1, arguments.tokens, 768), torch.randn(1, arguments.tokens, 768)]).to(device)
    latent = torch.randn(1, 8, 32, 32).to(device)
    with torch.no_grad():
        before = reference_convolution()
        cases = [
            {"name": "denoise"} | milliseconds(lambda: denoise(unet, context, arguments.steps, 7.5).cpu(), arguments.runs),
            {"name": "decode"} | milliseconds(lambda: autoencoder.decode(latent).cpu(), arguments.runs),
        ]
        rate = max(before, reference_convolution())
    print(json.dumps({
        "cases": cases, "torch": torch.__version__, "threads": torch.get_num_threads(),
        "reference_gflop_per_second": rate}))
