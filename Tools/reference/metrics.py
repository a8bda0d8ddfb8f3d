"""Reference values of Tests/EvaluationTests, by scikit-image, scipy, pytorch-fid and numpy.

    python Tools/reference/metrics.py Tests/Fixtures/metrics/metrics.json

The inputs are drawn by SplitMix64 here as in the tests, so that only results are stored.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torchvision_networks  # noqa: F401, before pytorch_fid
from pytorch_fid.fid_score import calculate_frechet_distance
from scipy.spatial.distance import cdist, pdist
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

MASK = (1 << 64) - 1


class SplitMix64:
    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def below(self, limit):
        return (self.next() * limit) >> 64

    def unit(self, *shape):
        """Numbers in 0 ..< 1 that float32 holds exactly."""
        return np.array([(self.next() >> 40) / 2**24 for _ in range(int(np.prod(shape)))]).reshape(shape)


def images(seed, count, height, width):
    """Walks of rows and columns, so that neighbours are alike, in 0 ... 1."""
    noise = SplitMix64(seed).unit(count, height, width)
    walk = np.cumsum(np.cumsum(noise - 0.5, axis=1), axis=2)
    low, high = walk.min(axis=(1, 2), keepdims=True), walk.max(axis=(1, 2), keepdims=True)
    return ((walk - low) / (high - low)).astype(np.float32).astype(np.float64)


def features(seed, rows, columns, scale=1.0, shift=0.0):
    """Features that are correlated and of unequal scale."""
    x = SplitMix64(seed).unit(rows, columns) - 0.5
    return np.cumsum(x, axis=1) * scale + shift


def pca(x, count):
    mean = x.mean(axis=0)
    _, s, vt = np.linalg.svd(x - mean, full_matrices=False)
    top = vt[:count]
    top = top * np.sign(top[np.arange(count), np.abs(top).argmax(axis=1)])[:, None]
    return mean, top, s[:count] ** 2 / (len(x) - 1)


def spectrum(x, edges):
    count, height, width = x.shape
    power = np.abs(np.fft.fft2(x - x.mean(axis=(1, 2), keepdims=True))) ** 2 / (height * width)
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None, :])
    bands = []
    for low, high in zip(edges, edges[1:]):
        inside = (radius > low + 1e-12) & (radius <= high + 1e-12)
        bands.append(10 * np.log10(power[:, inside].mean()))
    return bands


def main(path):
    result = {}

    a, other = images(1, 3, 40, 33), images(2, 3, 40, 33)
    b = ((3 * a + other) / 4).astype(np.float32).astype(np.float64)
    result["ssim"] = [
        structural_similarity(
            x, y, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1.0
        )
        for x, y in zip(a, b)
    ]
    result["ssimRange2"] = [
        structural_similarity(
            2 * x - 1, 2 * y - 1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=2.0
        )
        for x, y in zip(a, b)
    ]
    result["psnr"] = [peak_signal_noise_ratio(x, y, data_range=1.0) for x, y in zip(a, b)]

    x, y = features(3, 120, 12), features(4, 90, 12, scale=1.3, shift=0.2)

    def distance(p, q):
        return calculate_frechet_distance(
            p.mean(axis=0), np.cov(p, rowvar=False), q.mean(axis=0), np.cov(q, rowvar=False)
        )

    result["frechet"] = float(distance(x, y))
    result["frechetHalves"] = float(distance(x[:60], x[60:]))

    for name, data in (("pcaTall", x), ("pcaWide", features(5, 20, 50))):
        mean, components, variances = pca(data, 4)
        result[name] = dict(
            mean=mean[:4].tolist(),
            component=components[0].tolist(),
            variances=variances.tolist(),
            projected=((data - mean) @ components.T)[:3].flatten().tolist(),
        )

    equal = [0.5 * i / 8 for i in range(9)]
    octaves = [0] + [0.5 / 2**i for i in range(4, -1, -1)]
    result["spectrumEqual"] = spectrum(images(6, 2, 64, 64), equal)
    result["spectrumOctaves"] = spectrum(images(6, 2, 64, 64), octaves)
    result["spectrumOblong"] = spectrum(images(7, 2, 45, 31), equal)

    result["meanPairwise"] = float(pdist(x).mean())
    distances = cdist(y, x)
    result["nearestIndex"] = distances.argmin(axis=1).tolist()
    result["nearestDistance"] = distances.min(axis=1).tolist()
    result["thumbnail"] = images(6, 2, 64, 64).reshape(2, 8, 8, 8, 8).mean(axis=(2, 4))[1, 3].tolist()

    values, random = x[:40, 0], SplitMix64(11)
    drawn = np.array([values[[random.below(40) for _ in range(40)]].mean() for _ in range(200)])
    lower, upper = np.quantile(drawn, [0.05, 0.95])
    result["bootstrap"] = [float(values.mean()), float(lower), float(upper)]

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
