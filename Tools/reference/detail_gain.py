"""Writes Tests/Fixtures/detail_gain.json: an image whose details SciPy makes stronger, by differences of Gaussians.

    python3 Tools/reference/detail_gain.py

Needs numpy and scipy.
"""

import json
import math
import pathlib

import numpy
from scipy.ndimage import gaussian_filter

FILE = pathlib.Path(__file__).parents[2] / "Tests/Fixtures/detail_gain.json"
HEIGHT, WIDTH = 30, 40
CASES = [(0.4, 0.6, 3.0), (1.5, 1.0, 2.0)]


def image():
    """Waves, a step, and a spot in a corner."""
    y, x = numpy.mgrid[:HEIGHT, :WIDTH].astype(numpy.float64)
    values = 0.4 * numpy.sin(0.7 * x + 0.2 * y) + numpy.where(x > 22, 0.5, -0.3)
    values[0, 0] = 1
    return values.astype(numpy.float32).astype(numpy.float64)


def stronger(values, amount, fine, coarse):
    radius = math.ceil(4 * coarse)
    blurred = [gaussian_filter(values, deviation, mode="nearest", radius=radius) for deviation in (fine, coarse)]
    return values + amount * (blurred[0] - blurred[1])


def main():
    values = image()
    cases = [
        {"amount": amount, "fineDeviation": fine, "coarseDeviation": coarse,
         "values": [round(value, 9) for value in stronger(values, amount, fine, coarse).ravel().tolist()]}
        for amount, fine, coarse in CASES
    ]
    FILE.write_text(json.dumps(
        {"height": HEIGHT, "width": WIDTH, "image": [round(value, 9) for value in values.ravel().tolist()],
         "cases": cases}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
