"""Golden values of Tests/DiffusionTests, computed by diffusers.

    python Tools/reference/diffusion.py Tests/Fixtures/diffusion

Needs torch, diffusers and safetensors. Writes

  tables.json                 betas and alphas_cumprod of every schedule, in double, at a few timesteps
  trajectories.json           the cases: scheduler configuration, sampler, steps, and where its rows begin
  trajectories.safetensors    float64: rows of every trajectory by diffusers' own code run in double precision;
                              float32: the same by diffusers as it is (NaN where its rounding ends in one); noise: what the samplers were given

diffusers fixes its tables to float32. For the double-precision values its modules see a `torch` and a `numpy` in
which float32 means float64; nothing else of them changes.

A trajectory has one row before the first step and one after each. diffusers' Euler and Heun samplers walk in
x / alpha; their rows are brought back to x = alpha x_0 + sigma epsilon by dividing by sqrt(sigma^2 + 1).
"""

import json
import math
import sys
from pathlib import Path

import diffusers
import numpy as np
import torch
from diffusers.schedulers import (
    scheduling_ddim,
    scheduling_ddpm,
    scheduling_dpmsolver_multistep,
    scheduling_euler_ancestral_discrete,
    scheduling_euler_discrete,
    scheduling_flow_match_euler_discrete,
    scheduling_flow_match_heun_discrete,
    scheduling_heun_discrete,
)
from safetensors.numpy import save_file

WIDTH = 4
MODULES = [
    scheduling_ddim,
    scheduling_ddpm,
    scheduling_dpmsolver_multistep,
    scheduling_euler_ancestral_discrete,
    scheduling_euler_discrete,
    scheduling_flow_match_euler_discrete,
    scheduling_flow_match_heun_discrete,
    scheduling_heun_discrete,
]


class InDouble:
    """A module in which float32 means float64."""

    def __init__(self, module):
        self.module = module

    def __getattr__(self, name):
        return getattr(self.module, "float64" if name == "float32" else name)


def use(dtype):
    torch.set_default_dtype(dtype)
    for module in MODULES:
        module.torch = InDouble(torch) if dtype == torch.float64 else torch
        module.np = InDouble(np) if dtype == torch.float64 else np


class Noise:
    """Hands out the rows of the bank in order, in place of diffusers' randn_tensor."""

    def __init__(self, bank, dtype):
        self.bank, self.dtype, self.next = bank, dtype, 0

    def __call__(self, *_, **__):
        self.next += 1
        return self.bank[self.next - 1].to(self.dtype)


def denoiser(x, alpha, sigma, prediction):
    """The exact posterior mean for data that is +0.7 or -0.7 with a deviation of 0.4, as a network would say it."""
    mean, deviation = 0.7, 0.4
    variance = alpha**2 * deviation**2 + sigma**2
    clean = (alpha * deviation**2 * x + sigma**2 * mean * torch.tanh(alpha * mean * x / variance)) / variance
    noise = (x - alpha * clean) / sigma
    return {"epsilon": noise, "sample": clean, "v": alpha * noise - sigma * clean, "flow": noise - clean}[prediction]


# MARK: - From a case to a scheduler of diffusers

BETA_NAMES = {"linear": "linear", "scaledLinear": "scaled_linear", "cosine": "squaredcos_cap_v2", "sigmoid": "sigmoid"}
PREDICTION_NAMES = {"epsilon": "epsilon", "sample": "sample", "v": "v_prediction"}


def common(case):
    c = case["configuration"]
    s = c["schedule"]
    keywords = dict(
        num_train_timesteps=s.get("trainTimesteps", 1000),
        beta_start=s.get("betaStart", 1e-4),
        beta_end=s.get("betaEnd", 0.02),
        beta_schedule=BETA_NAMES[s["type"]],
        prediction_type=PREDICTION_NAMES[c["prediction"]],
        timestep_spacing=c["spacing"],
        steps_offset=c.get("stepsOffset", 0),
    )
    if case["sampler"]["name"] != "heun":
        keywords["rescale_betas_zero_snr"] = s.get("zeroTerminalSNR", False)
    return keywords


def scheduler(case):
    c, sampler = case["configuration"], case["sampler"]
    name = sampler["name"]
    if c["schedule"]["type"] == "rectifiedFlow":
        train, shift = c["schedule"].get("trainTimesteps", 1000), c["schedule"].get("shift", 1.0)
        if name == "euler":
            return diffusers.FlowMatchEulerDiscreteScheduler(num_train_timesteps=train, shift=shift)
        if name == "heun":
            return diffusers.FlowMatchHeunDiscreteScheduler(num_train_timesteps=train, shift=shift)
        return diffusers.DPMSolverMultistepScheduler(
            num_train_timesteps=train,
            use_flow_sigmas=True,
            flow_shift=shift,
            prediction_type="flow_prediction",
            algorithm_type={"dpm++": "dpmsolver++", "dpm++sde": "sde-dpmsolver++"}[name],
            solver_type=sampler.get("solver", "midpoint"),
        )
    keywords = common(case)
    if name in ("ddpm", "ddim", "heun"):
        keywords["clip_sample"] = "clipSample" in c
        keywords["clip_sample_range"] = c.get("clipSample", 1.0)
    smallest = c.get("finalNoise") == "smallest"
    if name == "ddpm":
        return diffusers.DDPMScheduler(variance_type=sampler.get("variance", "fixed_small"), **keywords)
    if name == "ddim":
        return diffusers.DDIMScheduler(set_alpha_to_one=not smallest, **keywords)
    if name == "heun":
        return diffusers.HeunDiscreteScheduler(**keywords)
    if name == "euler-ancestral":
        return diffusers.EulerAncestralDiscreteScheduler(**keywords)
    keywords["final_sigmas_type"] = "sigma_min" if smallest else "zero"
    if name == "euler":
        return diffusers.EulerDiscreteScheduler(**keywords)
    return diffusers.DPMSolverMultistepScheduler(
        algorithm_type={"dpm++": "dpmsolver++", "dpm++sde": "sde-dpmsolver++"}[name],
        solver_type=sampler.get("solver", "midpoint"),
        lower_order_final=sampler.get("lowerOrderFinal", True),
        euler_at_final=sampler.get("eulerAtFinal", False),
        **keywords,
    )


def trajectory(case, bank, dtype):
    """Rows of x, [steps + 1, WIDTH], and the timesteps that the model is given."""
    use(dtype)
    noise = Noise(bank[1:], dtype)
    for module in MODULES:
        if hasattr(module, "randn_tensor"):
            module.randn_tensor = noise
    c, sampler, steps = case["configuration"], case["sampler"], case["steps"]
    name, prediction = sampler["name"], c["prediction"]
    flow = c["schedule"]["type"] == "rectifiedFlow"
    s = scheduler(case)
    s.set_timesteps(steps)
    levels = name in ("euler", "euler-ancestral", "heun") and not flow
    expected = 2 * steps - 1 if name == "heun" else steps
    assert len(s.timesteps) == expected, f"{case}: diffusers takes {len(s.timesteps)} steps"

    x = bank[0].to(dtype)
    if hasattr(s, "init_noise_sigma"):
        x = x * s.init_noise_sigma
    x = x.reshape(1, 1, 1, WIDTH)

    def level(index):
        return s.sigmas[index] if hasattr(s, "sigmas") else None

    def variance_preserving(x, sigma):
        return x / (sigma**2 + 1) ** 0.5 if levels else x

    rows = [variance_preserving(x, level(0))]
    for index, timestep in enumerate(s.timesteps):
        if flow:
            sigma = level(index)
            alpha = 1 - sigma
        elif hasattr(s, "sigmas"):
            alpha = 1 / (level(index) ** 2 + 1) ** 0.5
            sigma = level(index) * alpha
        else:
            alpha, sigma = s.alphas_cumprod[timestep] ** 0.5, (1 - s.alphas_cumprod[timestep]) ** 0.5
        given = s.scale_model_input(x, timestep) if levels else x
        output = denoiser(given, alpha, sigma, prediction).to(dtype)
        if name == "ddim":
            x = s.step(output, timestep, x, eta=sampler.get("eta", 0.0)).prev_sample
        else:
            x = s.step(output, timestep, x).prev_sample
        if name != "heun" or index % 2 == 0 and index == expected - 1 or index % 2 == 1:
            rows.append(variance_preserving(x, level(index + 1)))
    assert len(rows) == steps + 1
    rows = torch.stack(rows).reshape(steps + 1, WIDTH)
    assert dtype == torch.float32 or torch.isfinite(rows).all(), case
    return rows.numpy(), [float(t) for t in (s.timesteps[0::2] if name == "heun" else s.timesteps)]


# MARK: - The cases


def cases():
    samplers = [
        {"name": "ddpm"},
        {"name": "ddim", "eta": 0.0},
        {"name": "ddim", "eta": 0.7},
        {"name": "dpm++"},
        {"name": "dpm++sde"},
        {"name": "euler"},
        {"name": "euler-ancestral"},
        {"name": "heun"},
    ]
    schedules = [
        {"type": "linear"},
        {"type": "linear", "zeroTerminalSNR": True},
        {"type": "scaledLinear", "betaStart": 0.00085, "betaEnd": 0.012},
        {"type": "scaledLinear", "betaStart": 0.00085, "betaEnd": 0.012, "zeroTerminalSNR": True},
        {"type": "cosine"},
        {"type": "sigmoid"},
    ]
    for sampler in samplers:
        name = sampler["name"]
        for schedule in schedules:
            zero = schedule.get("zeroTerminalSNR", False)
            if schedule["type"] == "sigmoid" and name != "ddpm":
                continue  # only diffusers' DDPM has it
            if zero and name == "heun":
                continue  # diffusers' Heun has no rescaling
            for spacing in ("leading", "linspace", "trailing"):
                for prediction in ("epsilon", "sample", "v"):
                    if name == "euler-ancestral" and prediction == "sample":
                        continue  # diffusers raises
                    if zero and prediction == "epsilon" and not (name in ("ddpm", "ddim") and spacing == "leading"):
                        continue  # noise prediction says nothing where there is no signal
                    for steps in (4, 17, 50):
                        yield dict(
                            configuration=dict(schedule=schedule, prediction=prediction, spacing=spacing),
                            sampler=sampler,
                            steps=steps,
                        )
    linear, scaled = schedules[0], schedules[2]
    # Quirks, each by itself.
    for steps in (4, 17):
        for sampler in samplers[:3] + samplers[7:]:
            yield dict(
                configuration=dict(schedule=linear, prediction="epsilon", spacing="trailing", clipSample=0.5),
                sampler=sampler,
                steps=steps,
            )
        for sampler in samplers:
            yield dict(
                configuration=dict(schedule=scaled, prediction="v", spacing="leading", stepsOffset=1),
                sampler=sampler,
                steps=steps,
            )
            yield dict(
                configuration=dict(schedule=dict(linear, trainTimesteps=120), prediction="v", spacing="linspace"),
                sampler=sampler,
                steps=steps,
            )
        for sampler in samplers[1:6]:
            yield dict(
                configuration=dict(
                    schedule=scaled, prediction="epsilon", spacing="leading", stepsOffset=1, finalNoise="smallest"
                ),
                sampler=sampler,
                steps=steps,
            )
        for spacing in ("leading", "linspace"):
            yield dict(
                configuration=dict(schedule=linear, prediction="epsilon", spacing=spacing),
                sampler={"name": "ddpm", "variance": "fixed_large"},
                steps=steps,
            )
        for name in ("dpm++", "dpm++sde"):
            for options in ({"solver": "heun"}, {"lowerOrderFinal": False}, {"eulerAtFinal": True}):
                yield dict(
                    configuration=dict(
                        schedule=scaled, prediction="v", spacing="linspace", finalNoise="smallest"
                    ),
                    sampler=dict(name=name, **options),
                    steps=steps,
                )
    for shift in (1.0, 3.0):
        for name, spacing in (("euler", "linspace"), ("heun", "linspace"), ("dpm++", "leading"), ("dpm++sde", "leading")):
            for steps in (4, 17, 50):
                yield dict(
                    configuration=dict(
                        schedule={"type": "rectifiedFlow", "shift": shift}, prediction="flow", spacing=spacing
                    ),
                    sampler={"name": name},
                    steps=steps,
                )


def tables():
    use(torch.float64)
    for schedule in (
        dict(type="linear"),
        dict(type="linear", betaStart=0.0015, betaEnd=0.0195),
        dict(type="scaledLinear", betaStart=0.00085, betaEnd=0.012),
        dict(type="cosine"),
        dict(type="sigmoid"),
    ):
        for train in (10, 1000, 1024):
            for zero in (False, True):
                s = diffusers.DDPMScheduler(
                    num_train_timesteps=train,
                    beta_start=schedule.get("betaStart", 1e-4),
                    beta_end=schedule.get("betaEnd", 0.02),
                    beta_schedule=BETA_NAMES[schedule["type"]],
                    rescale_betas_zero_snr=zero,
                )
                assert s.betas.dtype == torch.float64
                at = sorted({round(i * (train - 1) / 24) for i in range(25)})
                yield dict(
                    schedule=dict(schedule, trainTimesteps=train, zeroTerminalSNR=zero),
                    timesteps=at,
                    betas=[s.betas[i].item() for i in at],
                    alphasCumprod=[s.alphas_cumprod[i].item() for i in at],
                )


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    made_by = f"diffusers {diffusers.__version__}, torch {torch.__version__}"
    with open(folder / "tables.json", "w") as file:
        json.dump(dict(madeBy=made_by, tables=list(tables())), file, separators=(",", ":"))

    bank = torch.from_numpy(np.random.RandomState(20250611).randn(51, WIDTH).astype(np.float32))
    entries, double, single, row = [], [], [], 0
    worst = {}
    for case in cases():
        rows64, timesteps = trajectory(case, bank, torch.float64)
        rows32, _ = trajectory(case, bank, torch.float32)
        difference = float(np.abs(rows64 - rows32).max())
        if not math.isfinite(difference):
            print(f"diffusers in float32 ends in NaN: {json.dumps(case)}")
            difference = 0.0
        name = case["sampler"]["name"]
        worst[name] = max(worst.get(name, (0.0, None)), (difference, json.dumps(case)))
        grid = [timesteps[0], timesteps[len(timesteps) // 2], timesteps[-1]]
        entries.append(dict(case, row=row, timesteps=grid))
        double.append(rows64)
        single.append(rows32)
        row += len(rows64)
    with open(folder / "trajectories.json", "w") as file:
        json.dump(dict(madeBy=made_by, cases=entries), file, separators=(",", ":"))
    save_file(
        {
            "float64": np.concatenate(double),
            "float32": np.concatenate(single).astype(np.float32),
            "noise": bank.numpy().astype(np.float64),
        },
        folder / "trajectories.safetensors",
        metadata={"madeBy": made_by},
    )
    print(f"{len(entries)} trajectories, {row} rows; diffusers in float32 against itself in double:")
    for name, (difference, case) in worst.items():
        print(f"  {name}: {difference:.2e} at {case}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
