"""welch.json: two means compared, the variances not taken for equal."""

import math

import mpmath as mp
from gbstats.frequentist import tests as gb
from scipy import stats
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from golden.arms import pairs_of_arms, statistic, sums
from golden.vector_file import write

SIDES = ("two-sided", "less", "greater")


def frequentist(kind, control, treatment, difference):
    config = gb.FrequentistConfig(alpha=0.05, difference_type=difference)
    stat = (statistic(kind, control), statistic(kind, treatment))
    two = gb.TwoSidedTTest(*stat, config)
    result = two.compute_result()
    return {
        "effect": float(result.expected),
        "ci": [float(end) for end in result.ci],
        "stdError": float(result.uplift.stddev),
        "pValue": float(2 * stats.t.sf(abs(two.critical_value), two.dof)),
        "df": float(two.dof),
        "greaterPValue": float(stats.t.sf(two.critical_value, two.dof)),
        "greaterLow": float(gb.OneSidedTreatmentGreaterTTest(*stat, config).compute_result().ci[0]),
    }


def log_scale(control, treatment):
    """ln(mean ratio) +- t * se, by statsmodels' moments and Welch's degrees of freedom."""
    c, t = DescrStatsW(control), DescrStatsW(treatment)
    df = CompareMeans(t, c).dof_satt()
    estimate = mp.log(t.mean / c.mean)
    se = mp.sqrt(t.var_ddof(1) / t.nobs / t.mean**2 + c.var_ddof(1) / c.nobs / c.mean**2)
    width = stats.t.ppf(0.975, df) * se
    return {
        "ci": [float(mp.expm1(estimate - width)), float(mp.expm1(estimate + width))],
        "pValue": float(2 * stats.t.sf(abs(float(estimate / se)), df)),
    }


def by_scipy(control, treatment, side):
    test = stats.ttest_ind(treatment, control, equal_var=False, alternative=side)
    ends = map(float, test.confidence_interval(0.95))
    return {"pValue": float(test.pvalue), "ci": [end if math.isfinite(end) else None for end in ends]}


def case(kind, control, treatment):
    made = {"kind": kind, "control": sums(control), "treatment": sums(treatment)}
    made["relative"] = frequentist(kind, control, treatment, "relative")
    made["absolute"] = frequentist(kind, control, treatment, "absolute")
    if kind == "mean":
        made["logScale"] = log_scale(control, treatment)
        made["scipy"] = {side: by_scipy(control, treatment, side) for side in SIDES}
    return made


def welch():
    write("welch", ["scipy", "statsmodels", "gbstats"], cases=[case(*pair) for pair in pairs_of_arms()])
