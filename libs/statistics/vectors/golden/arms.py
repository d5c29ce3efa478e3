"""Two arms of an experiment, drawn with a seed, and what the packages and the library are told of them."""

import math
import random

from gbstats.models.statistics import ProportionStatistic, SampleMeanStatistic

SEED = 20010115
# Kind, size of control, size of treatment, what the treatment adds.
PAIRS = [
    ("mean", 12, 9, 0.4),
    ("mean", 300, 280, 0.2),
    ("mean", 5000, 5200, -0.05),
    ("mean", 40, 900, 0.0),
    ("proportion", 800, 750, 0.05),
    ("proportion", 20000, 20000, 0.002),
]


def pairs_of_arms():
    """(kind, values of control, values of treatment), the same ones at each call."""
    rng = random.Random(SEED)
    for kind, n0, n1, shift in PAIRS:
        yield kind, draw(rng, n0, 0.0, kind), draw(rng, n1, shift, kind)


def draw(rng, n, shift, kind):
    if kind == "proportion":
        return [1.0 if rng.random() < 0.2 + shift else 0.0 for _ in range(n)]
    return [rng.gammavariate(2.0, 1.5) + shift for _ in range(n)]


def sums(values):
    """What the library is given of an arm."""
    return {"n": len(values), "sum": math.fsum(values), "sumSquares": math.fsum(v * v for v in values)}


def statistic(kind, values):
    """What gbstats is given of an arm."""
    given = sums(values)
    if kind == "proportion":
        return ProportionStatistic(n=given["n"], sum=given["sum"])
    return SampleMeanStatistic(n=given["n"], sum=given["sum"], sum_squares=given["sumSquares"])
