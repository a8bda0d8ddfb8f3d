"""Writes Sources/RadiographImport/Resources/chest-template.json: the mean of NIH radiographs without findings.

    python Tools/reference/chest_template.py SHARED_DATA_FOLDER

Every second adult without findings of `nih` and `nih-more` is laid over the mean of all by a shift and a scale along
each axis, four times over, as `ChestTemplate` does it. The places of the lungs were marked by eye on the mean, and the
edges moved by the mean difference from ChestX-Det's outlines of emphysematous lungs. Needs torch, numpy and Pillow.
"""

import csv
import json
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

TARGET = Path(__file__).resolve().parents[2] / "Sources/RadiographImport/Resources/chest-template.json"
MARKS = {"apex": 0.13, "base": 0.765, "spine": 0.505, "rightEdge": 0.1355, "leftEdge": 0.8625}
SIDE = 64


def images(data):
    found = []
    for folder in ("nih", "nih-more"):
        for row in csv.DictReader((data / folder / "Data_Entry_2017_v2020.csv").open()):
            if row["Finding Labels"] != "No Finding" or int(row["Patient Age"].rstrip("Y")) < 18:
                continue
            stem = row["Image Index"].rsplit(".", 1)[0]
            file = next((data / folder / "images").glob(stem + ".*"))
            image = Image.open(file).convert("L").resize((2 * SIDE, 2 * SIDE), Image.BOX)
            found.append(torch.from_numpy(np.asarray(image).copy()).float())
    return F.interpolate(torch.stack(found[::2])[:, None], (SIDE, SIDE), mode="area")


def blurred(x, sigma):
    reach = int(3 * sigma + 0.5)
    kernel = torch.exp(-torch.arange(-reach, reach + 1).float() ** 2 / (2 * sigma * sigma))
    kernel /= kernel.sum()
    x = F.pad(x, (reach, reach, reach, reach), mode="replicate")
    return F.conv2d(F.conv2d(x, kernel.view(1, 1, 1, -1)), kernel.view(1, 1, -1, 1))


def contrast(x):
    mean = blurred(x, 10)
    return (x - mean) / (blurred((x - mean) ** 2, 10).sqrt() + 8)


def sampled(images, p, side):
    """The images at the template's places; p holds scale x, scale y, shift x, shift y."""
    u = (torch.arange(side) + 0.5) / side
    x = 0.5 + p[:, 0:1] * (u - 0.5) + p[:, 2:3]
    y = 0.5 + p[:, 1:2] * (u - 0.5) + p[:, 3:4]
    grid = torch.stack(
        [(2 * x - 1)[:, None, :].expand(-1, side, side), (2 * y - 1)[:, :, None].expand(-1, side, side)], -1
    )
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)


def likeness(images, template, p):
    side = template.shape[-1]
    u = (torch.arange(side) + 0.5) / side
    inside = ((u > 0.06) & (u < 0.94)).float()
    weight = inside[None] * inside[:, None]
    weight = weight / weight.sum()
    a, b = sampled(images, p, side), template
    a = a - (a * weight).sum((2, 3), keepdim=True)
    b = b - (b * weight).sum()
    value = (a * b * weight).sum((2, 3))[:, 0]
    value = value / ((a * a * weight).sum((2, 3))[:, 0] * (b * b * weight).sum()).sqrt().clamp_min(1e-6)
    return value - 0.15 * ((p[:, 0] - 1) ** 2 + (p[:, 1] - 1) ** 2) - 0.3 * (p[:, 2] ** 2 + p[:, 3] ** 2)


def fitted(fine, template):
    coarse = F.interpolate(fine, (SIDE // 2, SIDE // 2), mode="area")
    half = F.interpolate(template[None, None], (SIDE // 2, SIDE // 2), mode="area")[0, 0]
    best = torch.full((len(fine),), -2.0)
    place = torch.zeros(len(fine), 4)

    def take(p, images, template):
        nonlocal best, place
        value = likeness(images, template, p.expand(len(images), 4))
        better = value > best
        best = torch.where(better, value, best)
        place = torch.where(better[:, None], p, place)

    for sx in (0.8, 0.9, 1, 1.1, 1.2):
        for sy in (0.75, 0.85, 0.95, 1.05, 1.15, 1.25):
            for tx in (-0.1, -0.05, 0, 0.05, 0.1):
                for ty in (-0.15, -0.1, -0.05, 0, 0.05, 0.1, 0.15):
                    take(torch.tensor([[sx, sy, tx, ty]]), coarse, half)
    best = likeness(fine, template, place)
    for step in (0.04, 0.02, 0.01, 0.005):
        for _ in range(3):
            for scale, shift in ((1, 0), (0, 1), (1, 0.5), (1, -0.5)):
                for axis in (0, 1):
                    for sign in (1, -1):
                        p = place.clone()
                        p[:, axis] += sign * step * scale
                        p[:, axis + 2] += sign * step * shift
                        take(p, fine, template)
    return place, best


def main(data):
    torch.manual_seed(0)
    fine = contrast(images(data))
    template = fine.mean(0)[0]
    for _ in range(4):
        place, best = fitted(fine, template)
        print(f"{len(fine)} images, mean likeness {best.mean():.3f}")
        place = place - (place.mean(0) - torch.tensor([1.0, 1, 0, 0]))
        template = sampled(fine, place, SIDE).mean(0)[0]
    values = [round(100 * v) for v in template.flatten().tolist()]
    TARGET.write_text(json.dumps(MARKS | {"values": values}) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
