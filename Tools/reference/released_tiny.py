"""Writes Tests/Fixtures/released/tiny.pt: a checkpoint laid out as the article author's, a sixth as wide.

Every tensor is one row repeated (stride 0), so that the file stays small; the values follow a sine.

    python Tools/reference/released_tiny.py KEYS.tsv Tests/Fixtures/released/tiny.pt
"""
import math
import sys
import zlib

import torch

HIDDEN = 24  # the width of the test encoder Tests/Fixtures/bert/tiny


def scaled(key: str, index: int, size: int) -> int:
    if key.startswith("projection.") or (index == 1 and key.endswith(("to_k.weight", "to_v.weight"))):
        return HIDDEN if size == 768 else size
    return size // 6 if size % 48 == 0 else size


def row(key: str, size: int) -> torch.Tensor:
    phase = zlib.crc32(key.encode()) % 1000
    return torch.tensor([math.sin(0.37 * j + phase) for j in range(size)], dtype=torch.float32)


def tensor(key: str, shape: list[int]) -> torch.Tensor:
    shape = [scaled(key, i, size) for i, size in enumerate(shape)]
    values = row(key, shape[-1])
    if len(shape) > 1:
        values = values / math.sqrt(math.prod(shape[1:]))
    elif key.endswith("weight"):
        values = 1 + 0.1 * values
    else:
        values = 0.1 * values
    return values.expand(shape)


checkpoint = {
    "config": {
        "latent_channels": 8, "model_channels": 8, "scheduler_type": "ddpm", "beta_schedule": "linear",
        "prediction_type": "epsilon", "guidance_scale": 3.0, "num_train_timesteps": 1000, "text_model": "tiny",
    },
    "epoch": 3,
}
for line in open(sys.argv[1], encoding="utf-8"):
    if line.startswith("#"):
        continue
    entry, key, shape = line.rstrip("\n").split("\t")
    # The table shortens "text_encoder_state_dict", "projection.0.bias".
    entry, _, prefix = entry.partition(".")
    key = f"{prefix}.{key}" if prefix else key
    checkpoint.setdefault(entry, {})[key] = tensor(key, [int(size) for size in shape.split("x")])
torch.save(checkpoint, sys.argv[2])
