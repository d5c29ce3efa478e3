"""drift.json: how far two samples of a feature lie apart, by scipy, numpy, statsmodels and Evidently.

Evidently's functions are called as its presets call them. Its PSI puts 0.0001 into empty bins, so it is
compared where none is empty.
"""

import numpy as np
import pandas as pd
from evidently.legacy.calculations.stattests.psi import _psi
from evidently.legacy.calculations.stattests.utils import get_binned_data
from evidently.legacy.calculations.stattests.wasserstein_distance_norm import _wasserstein_distance_norm
from evidently.legacy.core import ColumnType
from scipy import special, stats
from scipy.spatial.distance import jensenshannon
from statsmodels.stats.proportion import proportion_effectsize, proportions_ztest

from golden.vector_file import write

THRESHOLD = 0.1
KOLMOGOROV_AT = [0.05, 0.2, 0.4, 0.7, 0.95, 0.999999, 1.0, 1.36, 2.0, 3.5, 6.0]
# x, degrees of freedom, noncentrality.
NONCENTRAL_AT = [(3, 1, 0), (28, 9, 0), (40, 9, 5), (60, 19, 5), (14, 9, 5), (110, 9, 50), (300, 19, 200)]
NONCENTRAL_AT += [(5, 19, 5), (1200, 99, 900), (1.1e5, 9, 1e5), (10900, 9999, 500)]
# Counts at training, counts in serving; of the first ones no cell is empty.
FULL = [
    ([50, 30, 20], [40, 35, 25]),
    ([500, 300, 200, 100], [20, 30, 25, 25]),
    ([1000, 1000], [1000, 1000]),
    ([100000, 50000, 25000], [98000, 52000, 25100]),
    ([8, 12, 6, 9, 7, 10, 5, 11], [90, 70, 100, 60, 80, 75, 85, 95]),
]
SPARSE = [([50, 30, 0], [40, 0, 25]), ([10, 0, 0, 5], [0, 7, 0, 3]), ([100, 1], [100, 0]), ([7, 0], [0, 9])]
# Nulls and rows at training, nulls and rows in serving.
NULLS = [(10, 1000, 30, 900), (0, 500, 12, 400), (999, 1000, 500, 501), (40, 80, 45, 80)]
NULLS += [(1, 10**6, 200, 10**6)]


def pairs_of_samples():
    random = np.random.default_rng(2026)
    return [
        (random.normal(0, 1, 40), random.normal(0.5, 1, 30)),
        (random.normal(0, 1, 60), random.normal(0, 2, 60)),
        (random.lognormal(0, 1, 50), random.lognormal(0.2, 1.2, 12)),
        (random.poisson(2, 60).astype(float), random.poisson(3, 45).astype(float)),
        (1e9 + random.normal(0, 1e-3, 30), 1e9 + random.normal(1e-3, 1e-3, 35)),
        (np.array([3.0, 3.0, 3.0, 4.0]), np.array([3.0, 3.0])),
        (np.array([0.0, 1.0]), np.array([10.0])),
    ]


def samples(reference, current):
    ks = stats.ks_2samp(reference, current, method="exact")
    size = len(reference) * len(current) / (len(reference) + len(current))
    return {
        "reference": reference.tolist(),
        "current": current.tolist(),
        "ks": {
            "statistic": float(ks.statistic),
            "limitingPValue": float(special.kolmogorov(np.sqrt(size) * ks.statistic)),
            "exactPValue": float(ks.pvalue),
        },
        "wasserstein": float(stats.wasserstein_distance(reference, current)),
        "deviation": float(np.std(reference)),
    }


def evidently_wasserstein(reference, current):
    series = pd.Series(reference), pd.Series(current)
    value, _fired = _wasserstein_distance_norm(*series, ColumnType.Numerical, THRESHOLD)
    return {"reference": reference.tolist(), "current": current.tolist(), "value": float(value)}


def psi(reference, current):
    """With half an observation in a cell that one side alone has met."""
    pairs = [(a or 0.5, b or 0.5) for a, b in zip(reference, current, strict=True) if a + b > 0]
    p = np.array([a for a, _ in pairs]) / sum(reference)
    q = np.array([b for _, b in pairs]) / sum(current)
    return float(np.sum((p - q) * np.log(p / q)))


def expand(counts):
    """Numbers as categories: Evidently sums over a set, whose order is that of every run only for numbers."""
    return pd.Series([cell for cell, count in enumerate(counts) for _ in range(count)])


def cells(reference, current):
    met = [(a, b) for a, b in zip(reference, current, strict=True) if a + b > 0]
    test = stats.chi2_contingency(np.array(met).T, correction=False)
    p, q = np.array(reference) / sum(reference), np.array(current) / sum(current)
    return {
        "reference": reference,
        "current": current,
        "psi": psi(reference, current),
        "jensenShannon": float(jensenshannon(p, q, 2)),
        "chiSquare": float(test.statistic),
        "pValue": float(test.pvalue),
        "cramersV": float(stats.contingency.association(np.array(met).T, method="cramer")),
    }


def evidently_categories(reference, current):
    value, _fired = _psi(expand(reference), expand(current), ColumnType.Categorical, THRESHOLD)
    return {"reference": reference, "current": current, "value": float(value)}


def evidently_numbers():
    """Over its own bins, whose counts are given."""
    random = np.random.default_rng(7)
    reference, current = pd.Series(random.uniform(0, 1, 2000)), pd.Series(random.beta(1, 1.3, 1500))
    value, _fired = _psi(reference, current, ColumnType.Numerical, THRESHOLD)
    p, q = get_binned_data(reference, current, ColumnType.Numerical, 30)
    counts = [np.rint(shares * size).astype(int).tolist() for shares, size in ((p, 2000), (q, 1500))]
    return {"reference": counts[0], "current": counts[1], "value": float(value)}


def null_share(nulls, rows, current_nulls, current_rows):
    found, sizes = [current_nulls, nulls], [current_rows, rows]
    _z, p_value = proportions_ztest(found, sizes)
    return {
        "reference": {"values": rows - nulls, "nulls": nulls},
        "current": {"values": current_rows - current_nulls, "nulls": current_nulls},
        "pValue": float(p_value),
        "effect": abs(float(proportion_effectsize(current_nulls / current_rows, nulls / rows))),
    }


def quantile_edges():
    """The least value, then the distinct quantiles; the second with ties."""
    random = np.random.default_rng(11)
    made = []
    for values, bins in ((random.normal(5, 2, 237), 20), (np.round(random.exponential(3, 300), 1), 10)):
        ends = np.unique(np.quantile(values, np.arange(1, bins + 1) / bins, method="inverted_cdf"))
        made.append({"values": values.tolist(), "bins": bins, "edges": [float(values.min()), *ends.tolist()]})
    return made


def drift():
    write(
        "drift",
        ["scipy", "numpy", "statsmodels", "evidently"],
        kolmogorov=[{"x": x, "value": float(special.kolmogorov(x))} for x in KOLMOGOROV_AT],
        noncentral=[
            {"x": x, "df": df, "noncentrality": nc, "survival": float(stats.ncx2.sf(x, df, nc))}
            for x, df, nc in NONCENTRAL_AT
        ],
        samples=[samples(*pair) for pair in pairs_of_samples()],
        evidentlyWasserstein=[evidently_wasserstein(*pair) for pair in pairs_of_samples()[:4]],
        cells=[cells(*pair) for pair in FULL + SPARSE],
        evidentlyPsi=[*(evidently_categories(*pair) for pair in FULL), evidently_numbers()],
        nullShares=[null_share(*counts) for counts in NULLS],
        edges=quantile_edges(),
    )
