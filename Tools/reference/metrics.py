"""Reference values of Tests/EvaluationTests: metrics of images, sets of features and labels, and their intervals.

    python Tools/reference/metrics.py Tests/Fixtures/metrics/metrics.json

Needs numpy, scipy, scikit-learn, scikit-image, torch, torchmetrics, pytorch-fid, pytorch-msssim, torch-fidelity and prdc.
The inputs are drawn by SplitMix64 here as in the tests, so that only results are stored. CMMD and the Vendi score are
computed by their formulas in numpy, the latter also by vendi-score where that can be imported.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
import torchvision_networks  # noqa: F401, before pytorch_fid
from prdc import compute_prdc
from pytorch_fid.fid_score import calculate_frechet_distance
from pytorch_msssim import ms_ssim
from scipy.spatial.distance import cdist, pdist
from skimage.metrics import mean_squared_error, peak_signal_noise_ratio, structural_similarity
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    average_precision_score, brier_score_loss, cohen_kappa_score, f1_score, precision_score, recall_score,
    roc_auc_score,
)
from torch_fidelity.metric_isc import isc_features_to_metric
from torchmetrics.functional.classification import binary_calibration_error
from torchmetrics.image.fid import _compute_fid
from torchmetrics.image.kid import poly_mmd


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


def blended(a, b):
    return ((3 * a + b) / 4).astype(np.float32).astype(np.float64)


def pairs_of_images():
    multiscale = {}
    for name, height, width in (("even", 176, 192), ("odd", 181, 163)):
        a, other = images(21, 2, height, width), images(22, 2, height, width)
        b = blended(a, other)
        x, y = (torch.from_numpy(z)[:, None] for z in (a, b))
        multiscale[name] = ms_ssim(x, y, data_range=1.0, size_average=False).tolist()
        # Contrast of the opposite sign: scales below 0 count as 0.
        multiscale[name + "Inverted"] = ms_ssim(x, 1 - x, data_range=1.0, size_average=False).tolist()
    a = images(1, 3, 40, 33)
    b = blended(a, images(2, 3, 40, 33))
    gaussian = dict(gaussian_weights=True, sigma=1.5, use_sample_covariance=False)
    return dict(
        ssim=[structural_similarity(x, y, data_range=1.0, **gaussian) for x, y in zip(a, b)],
        ssimRange2=[structural_similarity(2 * x - 1, 2 * y - 1, data_range=2.0, **gaussian) for x, y in zip(a, b)],
        psnr=[float(peak_signal_noise_ratio(x, y, data_range=1.0)) for x, y in zip(a, b)],
        meanSquaredError=[float(mean_squared_error(x, y)) for x, y in zip(a, b)],
        multiscale=multiscale,
        thumbnail=images(6, 2, 64, 64).reshape(2, 8, 8, 8, 8).mean(axis=(2, 4))[1, 3].tolist(),
    )


def components():
    result = {}
    for name, x in (("tall", features(3, 120, 12)), ("wide", features(5, 20, 50))):
        mean, directions, variances = pca(x, 4)
        result[name] = dict(
            mean=mean[:4].tolist(),
            component=directions[0].tolist(),
            variances=variances.tolist(),
            projected=((x - mean) @ directions.T)[:3].flatten().tolist(),
        )
    return result


def spectra():
    equal = [0.5 * i / 8 for i in range(9)]
    octaves = [0] + [0.5 / 2**i for i in range(4, -1, -1)]
    return dict(
        equal=spectrum(images(6, 2, 64, 64), equal),
        octaves=spectrum(images(6, 2, 64, 64), octaves),
        oblong=spectrum(images(7, 2, 45, 31), equal),
    )


def distances():
    x, y = features(3, 120, 12), features(4, 90, 12, scale=1.3, shift=0.2)
    between = cdist(y, x)
    return dict(
        meanPairwise=float(pdist(x).mean()),
        nearestIndex=between.argmin(axis=1).tolist(),
        nearestDistance=between.min(axis=1).tolist(),
    )


def statistics(x):
    return x.mean(axis=0), np.cov(x, rowvar=False)


def exact_frechet(x, y):
    """By singular values, which need no root of a singular matrix."""
    a, b = ((z - z.mean(axis=0)) / np.sqrt(len(z) - 1) for z in (x, y))
    overlap = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    return float(((x.mean(axis=0) - y.mean(axis=0)) ** 2).sum() + (a**2).sum() + (b**2).sum() - 2 * overlap)


def frechet():
    result = {}
    x = features(3, 120, 12)
    for name, x, y in (
        ("halves", x[:60], x[60:]),
        ("few", features(3, 120, 12), features(4, 90, 12, scale=1.3, shift=0.2)),
        ("many", features(31, 700, 96), features(32, 650, 96, scale=1.05, shift=0.02)),
        ("shifted", features(33, 300, 24, shift=1000.0), features(34, 300, 24, scale=1.2, shift=1000.5)),
        ("wide", features(35, 60, 200), features(36, 50, 200, scale=1.2, shift=0.1)),
    ):
        (m1, c1), (m2, c2) = statistics(x), statistics(y)
        tensors = [torch.from_numpy(np.ascontiguousarray(z)) for z in (m1, c1, m2, c2)]
        result[name] = dict(
            torchmetrics=float(_compute_fid(*tensors)),
            pytorchFID=float(calculate_frechet_distance(m1, c1, m2, c2)),
            exact=exact_frechet(x, y),
        )
        print("frechet", name, result[name])
    return result


def drawn(random, count, total):
    order = list(range(total))
    for place in range(count):
        other = place + random.below(total - place)
        order[place], order[other] = order[other], order[place]
    return order[:count]


def kernel_distance():
    x, y = features(3, 120, 12), features(4, 90, 12, scale=1.3, shift=0.2)
    result = {}
    for name, subsets in (("few", 5), ("many", 60)):
        random = SplitMix64(17)
        values = []
        for _ in range(subsets):
            first, second = drawn(random, 40, 120), drawn(random, 40, 90)
            values.append(float(poly_mmd(torch.from_numpy(x[first]), torch.from_numpy(y[second]))))
        scores = torch.tensor(values, dtype=torch.float64)
        result[name] = dict(
            values=values, mean=float(scores.mean()), standardDeviation=float(scores.std(unbiased=False)))
    result["whole"] = float(poly_mmd(torch.from_numpy(x[:90]), torch.from_numpy(y)))
    return result


def inception_score():
    logits = 4 * features(41, 103, 7)
    result = {}
    for name, splits in (("ten", 10), ("one", 1)):
        score = isc_features_to_metric(torch.from_numpy(logits), splits=splits, shuffle=False)
        result[name] = [score["inception_score_mean"], score["inception_score_std"]]
    return result


def manifolds():
    result = {}
    for name, x, y, k in (
        ("small", features(3, 120, 12), features(4, 90, 12, scale=1.3, shift=0.2), 5),
        ("near", features(3, 120, 12), features(4, 90, 12, scale=1.3, shift=0.2), 3),
        ("large", features(42, 300, 32), features(43, 290, 32, scale=0.8), 5),
    ):
        values = compute_prdc(x, y, nearest_k=k)
        result[name] = [float(values[key]) for key in ("precision", "recall", "density", "coverage")]
        print("prdc", name, result[name])
    return result


def gaussian_discrepancy(x, y, bandwidth, scale, unbiased=False):
    """The estimators of Gretton et al. 2012, equations 3 and 5, with the kernel of Jayasumana et al. 2024."""

    def kernel(a, b):
        return np.exp(-((a[:, None] - b[None]) ** 2).sum(axis=2) / (2 * bandwidth**2))

    def within(a):
        k = kernel(a, a)
        return (k.sum() - np.trace(k)) / (len(a) * (len(a) - 1)) if unbiased else k.mean()

    return float(scale * (within(x) + within(y) - 2 * kernel(x, y).mean()))


def normalised(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def discrepancy():
    x, y = features(3, 120, 12), features(4, 90, 12, scale=1.3, shift=0.2)
    return dict(
        cmmd=gaussian_discrepancy(normalised(x), normalised(y), 10, 1000),
        narrow=gaussian_discrepancy(x, y, 0.7, 1),
        unbiased=gaussian_discrepancy(x, y, 0.7, 1, unbiased=True),
    )


def vendi():
    result = {}
    for name, x in (("tall", features(3, 120, 12)), ("wide", features(5, 20, 50))):
        z = normalised(x)
        w = np.linalg.eigvalsh(z @ z.T / len(z))
        w = w[w > 1e-13]
        result[name] = [
            float(np.exp(-(w * np.log(w)).sum())), float((w**2).sum() ** -1), float((w**0.5).sum() ** 2),
            float(1 / w.max()),
        ]
    try:
        from vendi_score import vendi as package

        for name, x in (("tall", features(3, 120, 12)), ("wide", features(5, 20, 50))):
            assert abs(package.score_X(x) / result[name][0] - 1) < 1e-9
        print("vendi-score agrees")
    except (ImportError, AttributeError) as error:
        print("vendi-score cannot be used:", error)
    return result


def labelled(seed, count, levels):
    """Scores of which many are equal, and on the borders of bins; labels that follow them."""
    random = SplitMix64(seed)
    scores = [random.below(levels + 1) / levels for _ in range(count)]
    labels = [0.15 + 0.7 * score > random.unit(1)[0] for score in scores]
    return np.array(scores), np.array(labels)


def labels():
    result = {}
    for name, seed, count, levels in (("ties", 51, 200, 10), ("fine", 52, 333, 4096)):
        scores, truth = labelled(seed, count, levels)
        called = scores >= 0.6
        observed, predicted = calibration_curve(truth, scores, n_bins=10)
        bins = np.searchsorted(np.linspace(0, 1, 11)[1:-1], scores)
        counts = np.bincount(bins, minlength=10)
        counts = counts[counts > 0]
        expected = float((counts / count * np.abs(observed - predicted)).sum())
        if name == "fine":
            other = binary_calibration_error(torch.from_numpy(scores), torch.from_numpy(truth).int(), n_bins=10)
            assert abs(float(other) - expected) < 1e-6, (float(other), expected)
        result[name] = dict(
            auroc=float(roc_auc_score(truth, scores)), averagePrecision=float(average_precision_score(truth, scores)),
            precision=float(precision_score(truth, called)), recall=float(recall_score(truth, called)),
            f1=float(f1_score(truth, called)), kappa=float(cohen_kappa_score(truth, called)),
            brier=float(brier_score_loss(truth, scores)), observed=observed.tolist(), predicted=predicted.tolist(),
            counts=counts.tolist(), expectedError=expected,
        )
    random = SplitMix64(53)
    first = [random.below(4) for _ in range(150)]
    second = [a if random.below(3) > 0 else random.below(4) for a in first]
    result["readers"] = float(cohen_kappa_score(first, second))
    return result


def clusters(groups):
    return [[index for index, group in enumerate(groups) if group == wanted] for wanted in dict.fromkeys(groups)]


def redrawn(random, groups):
    return [index for _ in groups for index in groups[random.below(len(groups))]]


def bootstrap():
    x, y = features(3, 120, 12), features(4, 90, 12, scale=1.3, shift=0.2)
    values, patients = x[:40, 0], [index // 3 for index in range(40)]
    random = SplitMix64(11)
    alone = [values[[random.below(40) for _ in range(40)]].mean() for _ in range(200)]
    random = SplitMix64(11)
    means = [values[redrawn(random, clusters(patients))].mean() for _ in range(200)]
    first, second = clusters([index % 7 for index in range(30)]), clusters(list(range(20)))
    random = SplitMix64(12)
    differences = []
    for _ in range(150):
        a, b = redrawn(random, first), redrawn(random, second)
        differences.append(x[a, 0].mean() - y[b, 0].mean())
    return dict(
        items=[float(values.mean()), *np.quantile(alone, [0.05, 0.95]).tolist()],
        groups=[float(values.mean()), *np.quantile(means, [0.05, 0.95]).tolist()],
        twoSamples=[float(x[:30, 0].mean() - y[:20, 0].mean()), *np.quantile(differences, [0.025, 0.975]).tolist()],
    )


def averaged(values):
    return round(sum(round(float(v), 3) for v in values) / len(values), 3)


def benchmark():
    """The arithmetic of CheXGenBench: four parts compared apart and averaged, subsets of all, 8-bit differences
    that wrap, distances of features and scores of all seeds, rounded before they are averaged."""
    x, y = features(3, 121, 12), features(4, 91, 12, scale=1.3, shift=0.2)
    parts = list(zip(np.array_split(x, 4), np.array_split(y, 4)))
    distances = []
    for a, b in parts:
        (m1, c1), (m2, c2) = (map(torch.from_numpy, statistics(z)) for z in (a, b))
        distances.append(_compute_fid(m1, c1, m2, c2))
    manifolds = [compute_prdc(a, b, nearest_k=5) for a, b in parts]
    random = SplitMix64(17)
    kernel = []
    for _ in range(100):
        first, second = drawn(random, 91, 121), drawn(random, 91, 91)
        kernel.append(float(poly_mmd(torch.from_numpy(x[first]), torch.from_numpy(y[second]))))
    same = float(poly_mmd(torch.from_numpy(x[:91]), torch.from_numpy(y)))
    random = SplitMix64(23)
    real = np.array([random.below(256) for _ in range(6 * 5)], dtype=np.uint8).reshape(6, 5)
    seeds = [np.array([random.below(256) for _ in range(6 * 5)], dtype=np.uint8).reshape(6, 5) for _ in range(3)]

    def distance(a, b):
        return np.linalg.norm(a - b) / np.sqrt(a.size)

    def latent(a, b):
        difference = torch.from_numpy(a) - torch.from_numpy(b)
        return float(torch.norm(difference) / difference.numel() ** 0.5)

    def spreads(values, nearest):
        rounded = [round(value, 4) for value in values]
        return dict(
            published=[sum(rounded) / len(rounded), nearest(rounded)],
            corrected=[sum(values) / len(values), nearest(values)])

    vector, others = features(5, 1, 12)[0], features(6, 3, 12)
    cosines = [float(vector @ other / np.linalg.norm(vector) / np.linalg.norm(other)) for other in others]
    published = [round(float(distance(real, seeds[-1])), 4) for _ in seeds]
    corrected = [float(distance(real.astype(float), s.astype(float))) for s in seeds]
    return dict(
        frechet=averaged(distances),
        manifold=[averaged([m[key] for m in manifolds]) for key in ("precision", "recall", "density", "coverage")],
        kernel=[float(np.mean(kernel)), float(np.std(kernel))],
        kernelOfEqualSets=[same, 0.0],
        pixels=dict(
            published=[sum(published) / len(published), min(published)],
            corrected=[sum(corrected) / len(corrected), min(corrected)]),
        latents=spreads([latent(vector, other) for other in others], min), scores=spreads(cosines, max),
    )


def main(path):
    result = dict(
        images=pairs_of_images(), spectra=spectra(), components=components(), distances=distances(), frechet=frechet(),
        kernelDistance=kernel_distance(), inceptionScore=inception_score(), manifolds=manifolds(),
        discrepancy=discrepancy(), vendi=vendi(), labels=labels(), bootstrap=bootstrap(), benchmark=benchmark(),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
