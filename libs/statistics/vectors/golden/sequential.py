"""sequential.json: confidence sequences and the mixture sequential probability ratio test (mSPRT)."""

import math

import mpmath as mp
from gbstats.frequentist import tests as gb

from golden.arms import pairs_of_arms, statistic, sums
from golden.vector_file import write

ALPHA = 0.05
# The number of units for which the sequence is tightest.
TUNING = 700
# Standard deviation of the effects that the mSPRT mixes over.
MIXTURE_SD = {"relative": 0.05, "absolute": 0.15}


def one_sided_sequence(effect, se, n, rho):
    """Lower end at ALPHA, and the smallest error probability whose lower end is above 0.

    That one by bisection on the interval itself.
    """
    v = mp.mpf(n) * mp.mpf(rho) ** 2

    def lower(level):
        return effect - se * mp.sqrt(2 * (v + 1) / v * mp.log(1 + mp.sqrt(v + 1) / (2 * level)))

    low, high = mp.mpf("1e-40"), mp.mpf(1)
    if lower(high) <= 0:
        return float(lower(ALPHA)), 1.0
    for _ in range(200):
        middle = mp.sqrt(low * high)
        low, high = (low, middle) if lower(middle) > 0 else (middle, high)
    return float(lower(ALPHA)), float(high)


def mixture_ratio(difference, se, tau2):
    """The likelihood ratio of N(difference; 0, se^2) averaged over effects N(0, tau2), by quadrature."""
    v, tau = mp.mpf(se) ** 2, mp.sqrt(mp.mpf(tau2))
    peak = difference * tau2 / (tau2 + v)
    width = mp.sqrt(v * tau2 / (v + tau2))
    with mp.workdps(30):
        return mp.quad(
            lambda d: mp.npdf(d, 0, tau) * mp.exp((difference * d - d * d / 2) / v),
            [peak + k * width for k in range(-14, 15, 2)],
        )


def one_sided_rho():
    """The tuning of a one-sided sequence: it spends 2 ALPHA on two sides."""
    log_two_alpha = -2 * math.log(2 * ALPHA)
    return math.sqrt((log_two_alpha + math.log(log_two_alpha + 1)) / TUNING)


def compare(kind, control, treatment, difference):
    config = gb.SequentialConfig(alpha=ALPHA, difference_type=difference, sequential_tuning_parameter=TUNING)
    test = gb.SequentialTwoSidedTTest(statistic(kind, control), statistic(kind, treatment), config)
    result = test.compute_result()
    se, effect, n = float(result.uplift.stddev), float(result.expected), len(control) + len(treatment)
    lower, p_value = one_sided_sequence(effect, se, n, one_sided_rho())
    tau2 = MIXTURE_SD[difference] ** 2
    return {
        "effect": effect,
        "ci": [float(end) for end in result.ci],
        "pValue": float(result.p_value),
        "greater": {"low": lower, "pValue": p_value},
        "msprt": {"tau2": tau2, "logRatio": float(mp.log(mixture_ratio(effect, se, tau2)))},
    }


def case(kind, control, treatment):
    made = {"kind": kind, "control": sums(control), "treatment": sums(treatment)}
    for difference in ("relative", "absolute"):
        made[difference] = compare(kind, control, treatment, difference)
    return made


def sequential():
    write("sequential", ["gbstats", "mpmath"], cases=[case(*pair) for pair in pairs_of_arms()])
