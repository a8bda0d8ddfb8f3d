"""Makes and times steps of training in eager PyTorch, from what `thorax bench train --save-step` has written.

    python3 Benchmarks/reference_step.py STEP.safetensors [--runs 10] [--warm-up 2] [--threads N] [--device cpu]
        [--memory-format channels_last] [--graphs] [--profile]

Networks (Tools/reference/networks.py), weights, inputs, loss, precision, AdamW, clipping and average are those of the
file. AdamW is PyTorch's fused one, gradients are clipped by `clip_grad_norm_`, the average follows by one
`_foreach_lerp_`, the gradients are freed after each step. Prints one JSON object: times, the loss of each step, and how
far the first loss and gradients are from the file's. Needs torch 2.11, safetensors.
"""

import argparse
import json
import math
import pathlib
import statistics
import sys
import time

import torch
import torch.nn.functional as F
from safetensors import safe_open

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "Tools/reference"))
import networks  # noqa: E402


class Autoencoding:
    """The first stage's step: reconstruction + SSIM + KL."""

    def __init__(self, architecture, recipe, inputs, device):
        self.recipe, self.device = recipe, device
        self.model = networks.Autoencoder(architecture["autoencoder"])
        self.image, self.first_noise = inputs["image"], inputs["noise"]
        self.dtype = getattr(torch, recipe["precision"])
        offsets = torch.arange(-5.0, 6.0, device=device)
        window = torch.exp(offsets.square() * (-1 / (2 * 1.5 * 1.5)))
        self.window = window / window.sum()

    def vectors_decay(self):
        return True

    def networks_run(self):
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32)

    def similarity(self, a, b):
        """Structural similarity over all places where an 11x11 Gaussian window fits."""
        maps = torch.cat([a, b, a.square(), b.square(), a * b])
        blurred = F.conv2d(F.conv2d(maps, self.window.view(1, 1, 11, 1)), self.window.view(1, 1, 1, 11))
        mean_a, mean_b, square_a, square_b, both = blurred.chunk(5)
        product, squares = mean_a * mean_b, mean_a.square() + mean_b.square()
        c1, c2 = (0.01 * 2) ** 2, (0.03 * 2) ** 2
        covariance, variances = both - product, square_a + square_b - squares
        return (((product * 2 + c1) * (covariance * 2 + c2)) / ((squares + c1) * (variances + c2))).mean()

    def loss(self, step):
        with self.networks_run():
            mean, log_variance = self.model.encode(self.image)
        noise = self.first_noise if step == 0 else torch.randn_like(self.first_noise)
        log_variance = log_variance.clamp(-30, 20)
        latent = mean + (log_variance * 0.5).exp() * noise
        with self.networks_run():
            decoded = self.model.decode(latent)
        decoded = decoded.float()
        error = F.l1_loss if self.recipe["reconstruction"] == "l1" else F.mse_loss
        loss = error(decoded, self.image)
        divergence = ((mean.square() + log_variance.exp() - 1 - log_variance) * 0.5).mean()
        loss = loss + divergence * self.recipe["klWeight"]
        if self.recipe["ssimWeight"] > 0:
            loss = loss + (1 - self.similarity(decoded, self.image)) * self.recipe["ssimWeight"]
        return loss


class Denoising:
    """The second stage's step: the mean squared error of the prediction."""

    def __init__(self, architecture, recipe, inputs, device):
        self.device = device
        self.model = networks.Denoiser(architecture)
        self.inputs = inputs
        self.dtype = getattr(torch, recipe["precision"])
        for name in ("alpha", "sigma", "targetClean", "targetNoise"):
            inputs[name] = inputs[name][:, None, None, None]

    def vectors_decay(self):
        return False

    def networks_run(self):
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32)

    def loss(self, step):
        i = self.inputs
        noisy = i["latent"] * i["alpha"] + i["noise"] * i["sigma"]
        target = i["latent"] * i["targetClean"] + i["noise"] * i["targetNoise"]
        with self.networks_run():
            output = self.model(noisy, i["time"], i["hidden"], i["mask"], i["isNull"])
        return F.mse_loss(output.float(), target)


def learning_rate(recipe, step):
    """Half a cosine after a linear warm-up."""
    peak, floor, warm_up = recipe["learningRate"], recipe["finalLearningRate"], recipe["warmupSteps"]
    if step < warm_up:
        return peak * (step + 1) / warm_up
    progress = min((step - warm_up) / max(recipe["steps"] - warm_up, 1), 1)
    return floor + (peak - floor) * 0.5 * (1 + math.cos(math.pi * progress))


class Trainer:
    def __init__(self, goal, recipe):
        self.goal, self.recipe = goal, recipe
        self.parameters = list(goal.model.parameters())
        plain = [p for p in self.parameters if goal.vectors_decay() or p.dim() > 1]
        vectors = [p for p in self.parameters if not (goal.vectors_decay() or p.dim() > 1)]
        groups = [{"params": plain}] + ([{"params": vectors, "weight_decay": 0.0}] if vectors else [])
        self.optimizer = torch.optim.AdamW(
            groups, lr=recipe["learningRate"], betas=(0.9, recipe["beta2"]), weight_decay=recipe["weightDecay"],
            fused=True)
        self.average = [p.detach().clone() for p in self.parameters]
        scaled = recipe["precision"] == "float16"
        self.scaler = torch.amp.GradScaler(goal.device.type, enabled=scaled)

    def step(self, number):
        total, accumulation = 0.0, self.recipe["accumulation"]
        for _ in range(accumulation):
            loss = self.goal.loss(number)
            self.scaler.scale(loss / accumulation if accumulation > 1 else loss).backward()
            total = total + loss.detach() / accumulation
        self.scaler.unscale_(self.optimizer)
        if self.recipe["gradientClip"] > 0:
            torch.nn.utils.clip_grad_norm_(self.parameters, self.recipe["gradientClip"])
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.recipe, number)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        decay = min(self.recipe["emaDecay"], (1 + number) / (10 + number))
        with torch.no_grad():
            torch._foreach_lerp_(self.average, self.parameters, 1 - decay)
        self.optimizer.zero_grad(set_to_none=True)
        return total.item()


class GraphTrainer(Trainer):
    """The same step as one CUDA graph: forward, backward, clipping, AdamW and average, replayed.

    The learning rate and the average's decay are those of the first step throughout: a graph has them as constants.
    """

    def __init__(self, goal, recipe):
        super().__init__(goal, recipe)
        for group in self.optimizer.param_groups:
            group["capturable"] = True
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                self.body()
        torch.cuda.current_stream().wait_stream(side)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.total = self.body()

    def body(self):
        total, accumulation = 0.0, self.recipe["accumulation"]
        for parameter in self.parameters:
            parameter.grad = None
        for _ in range(accumulation):
            loss = self.goal.loss(1)
            (loss / accumulation).backward()
            total = total + loss.detach() / accumulation
        if self.recipe["gradientClip"] > 0:
            torch.nn.utils.clip_grad_norm_(self.parameters, self.recipe["gradientClip"], foreach=True)
        self.optimizer.step()
        with torch.no_grad():
            torch._foreach_lerp_(self.average, self.parameters, 0.001)
        return total

    def step(self, number):
        self.graph.replay()
        return self.total.item()


def difference(ours, theirs):
    """The norm of the difference over the norm."""
    distance = sum((a.double() - b.double()).square().sum().item() for a, b in zip(ours, theirs))
    return math.sqrt(distance / max(sum(a.double().square().sum().item() for a in ours), 1e-300))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("step")
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--warm-up", type=int, default=2)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--memory-format", default="channels_last", choices=["channels_last", "contiguous_format"])
    parser.add_argument("--graphs", action="store_true", help="replay the step as a CUDA graph")
    parser.add_argument("--profile", action="store_true", help="print what a step spends its time on")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    device, memory_format = torch.device(options.device), getattr(torch, options.memory_format)
    with safe_open(options.step, "pt") as file:
        header = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    architecture, recipe = json.loads(header["architecture"]), json.loads(header["recipe"])

    def part(prefix):
        return {name[len(prefix):]: t for name, t in tensors.items() if name.startswith(prefix)}

    inputs = {name: t.to(device) for name, t in part("inputs.").items()}
    goal = (Autoencoding if "image" in inputs else Denoising)(architecture, recipe, inputs, device)
    goal.model.load_state_dict(part("weights."), strict=True)
    goal.model.to(device=device, memory_format=memory_format)
    for name in ("image", "latent", "noise"):
        if name in inputs:
            inputs[name] = inputs[name].contiguous(memory_format=memory_format)

    loss = goal.loss(0)
    loss.backward()
    gradients = part("gradients.")
    named = dict(goal.model.named_parameters())
    same = [(gradients[name], p.grad.cpu()) for name, p in named.items() if p.grad is not None and name in gradients]
    parity = {
        "loss": loss.item(), "loss_of_file": tensors["loss"].item(),
        "gradient_difference": difference(*zip(*same)), "gradients": len(same),
        "gradients_of_file": len(gradients)}
    goal.model.zero_grad(set_to_none=True)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    trainer = (GraphTrainer if options.graphs else Trainer)(goal, recipe)
    losses, times, processor_times = [], [], []
    for number in range(options.warm_up + options.runs):
        start, processor_start = time.perf_counter(), time.process_time()
        losses.append(trainer.step(number))
        times.append((time.perf_counter() - start) * 1000)
        processor_times.append((time.process_time() - processor_start) * 1000)
    times, processor_times = times[options.warm_up:], processor_times[options.warm_up:]
    if options.profile:
        activities = [torch.profiler.ProfilerActivity.CPU]
        with torch.profiler.profile(activities=activities) as profile:
            trainer.step(number + 1)
        print(profile.key_averages().table(sort_by="self_cpu_time_total", row_limit=40))
    images = (inputs["image"] if "image" in inputs else inputs["latent"]).shape[0] * recipe["accumulation"]
    print(json.dumps({
        "ms_p50": statistics.median(times), "ms": times, "processor_ms_p50": statistics.median(processor_times), "images_per_second": images * 1000 / statistics.median(times),
        "losses": losses, "parity": parity, "torch": torch.__version__, "threads": torch.get_num_threads(),
        "peak_memory_bytes": torch.cuda.max_memory_allocated() if device.type == "cuda" else None}))
