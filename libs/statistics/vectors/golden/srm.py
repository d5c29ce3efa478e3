"""srm.json: sample ratio mismatch, by the chi-square test and for two variants by the exact one."""

from scipy import stats

from golden.vector_file import write

# Observed numbers, weights.
TWO = [
    ([13703, 13533], [0.5, 0.5]),
    ([950, 48], [0.95, 0.05]),
    ([10, 3], [0.5, 0.5]),
    ([500123, 498000], [0.5, 0.5]),
    ([0, 4], [0.3, 0.7]),
    ([7, 0], [0.1, 0.9]),
    ([3, 7], [0.3, 0.7]),
]
THREE = [([333, 350, 320], [1, 1, 1]), ([5000, 2600, 2400], [0.5, 0.25, 0.25])]


def by_chi_square(observed, weights):
    total = sum(observed)
    test = stats.chisquare(observed, [total * w / sum(weights) for w in weights])
    found = {"statistic": float(test.statistic), "pValue": float(test.pvalue)}
    return {"observed": observed, "weights": weights, **found}


def exact(observed, weights):
    test = stats.binomtest(observed[0], sum(observed), weights[0] / sum(weights))
    return {"observed": observed, "weights": weights, "pValue": float(test.pvalue)}


def srm():
    write(
        "srm",
        ["scipy"],
        chiSquare=[by_chi_square(*split) for split in TWO + THREE],
        exact=[exact(*split) for split in TWO],
    )
