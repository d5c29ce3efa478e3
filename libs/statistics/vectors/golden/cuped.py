"""cuped.json: the same comparisons, with the variance that a covariate explains taken out."""

import math
import random

from gbstats.frequentist import tests as gb
from gbstats.models.statistics import RegressionAdjustedStatistic

from golden.arms import SEED, statistic, sums
from golden.vector_file import write

# What the treatment adds; and from which outcome on a proportion counts 1.
SHIFT = 0.15
THRESHOLD = 2.0


def draw(rng, outcome_type, size, effect):
    """(outcomes, covariates); `effect` is (weight of the covariate in the outcome, what is added)."""
    weight, shift = effect
    x = [rng.gammavariate(2.0, 1.0) for _ in range(size)]
    y = [weight * v + rng.gammavariate(1.5, 1.0) + shift for v in x]
    if outcome_type == "proportion":
        y = [1.0 if v > THRESHOLD else 0.0 for v in y]
    return y, x


def sum_products(y, x):
    return math.fsum(a * b for a, b in zip(y, x, strict=True))


def adjusted(outcome_type, y, x):
    return RegressionAdjustedStatistic(
        n=len(y),
        post_statistic=statistic(outcome_type, y),
        pre_statistic=statistic("mean", x),
        post_pre_sum_of_products=sum_products(y, x),
        theta=0.0,  # the test finds it
    )


def compare(control, treatment, difference):
    test = gb.TwoSidedTTest(control, treatment, gb.FrequentistConfig(difference_type=difference))
    result = test.compute_result()
    return {
        "effect": float(result.expected),
        "ci": [float(end) for end in result.ci],
        "stdError": float(result.uplift.stddev),
        "theta": float(test.stat_a.theta),
    }


def case(rng, outcome_type, sizes, weight):
    rows = [draw(rng, outcome_type, n, (weight, shift)) for n, shift in zip(sizes, (0.0, SHIFT), strict=True)]
    arms = [{"outcome": sums(y), "covariate": sums(x), "sumProducts": sum_products(y, x)} for y, x in rows]
    made = [adjusted(outcome_type, y, x) for y, x in rows]
    compared = {difference: compare(*made, difference) for difference in ("relative", "absolute")}
    return {"outcomeType": outcome_type, "arms": arms, **compared}


def cuped():
    rng = random.Random(SEED + 1)
    kinds = [("mean", (200, 220), 1.0), ("mean", (5000, 5000), 0.3), ("proportion", (3000, 2900), 0.2)]
    write("cuped", ["gbstats", "scipy"], cases=[case(rng, *kind) for kind in kinds])
