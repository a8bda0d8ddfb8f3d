"""Reference values of Tests/EvaluationTests/UtilityTests.swift: paired differences of classifiers, with intervals.

    python Tools/reference/utility.py Tests/Fixtures/metrics/utility.json

Needs what metrics.py needs: areas and average precisions are scikit-learn's, intervals numpy's.
"""

import json
import sys
from pathlib import Path

import numpy as np
from metrics import SplitMix64, clusters, redrawn
from sklearn.metrics import average_precision_score, roc_auc_score

IMAGES, LABELS, SEEDS, RESAMPLES = 60, 2, 2, 300
# How much a finding raises the scores of each arm.
ARMS = {"real": 0.5, "synthetic": 0.1, "real + synthetic": 0.6}
PAIRS = [("synthetic", "real"), ("real + synthetic", "real")]


def measures(truths, scores, indices):
    """Area and average precision of each label, then the means over labels."""
    values = []
    for label in range(LABELS):
        known = [index for index in indices if truths[label][index] is not None]
        found = [truths[label][index] for index in known]
        own = [scores[index][label] for index in known]
        if len(set(found)) < 2:
            values += [np.nan, np.nan]
        else:
            values += [roc_auc_score(found, own), average_precision_score(found, own)]
    return np.array(values + [np.mean(values[0::2]), np.mean(values[1::2])])


def main(path):
    random = SplitMix64(31)
    patients = [random.below(25) for _ in range(IMAGES)]
    # Of five images, of one nothing is known, two have the finding.
    known = [None, True, True, False, False]
    truths = [[known[random.below(5)] for _ in range(IMAGES)] for _ in range(LABELS)]
    scores = {
        arm: [
            [
                [random.below(8) / 8 + (strength if truths[label][image] else 0) for label in range(LABELS)]
                for image in range(IMAGES)
            ]
            for _ in range(SEEDS)
        ]
        for arm, strength in ARMS.items()
    }

    def means(indices):
        return {
            arm: np.mean([measures(truths, values, indices) for values in trainings], axis=0)
            for arm, trainings in scores.items()
        }

    random, groups = SplitMix64(5), clusters(patients)
    whole = means(range(IMAGES))
    draws = [means(redrawn(random, groups)) for _ in range(RESAMPLES)]

    def estimates(value):
        """Value and interval of each measure."""
        drawn = np.array([value(draw) for draw in draws])
        return np.stack([value(whole), *np.nanquantile(drawn, [0.025, 0.975], axis=0)], axis=1).tolist()

    result = dict(
        arms={arm: estimates(lambda draw: draw[arm]) for arm in ARMS},
        differences={f"{a} less {b}": estimates(lambda draw: draw[a] - draw[b]) for a, b in PAIRS},
        seeds={arm: [measures(truths, values, range(IMAGES)).tolist() for values in scores[arm]] for arm in ARMS},
    )
    path.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
