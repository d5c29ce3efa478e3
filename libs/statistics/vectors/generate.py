"""Golden values for the tests of libs/statistics, computed by code that shares nothing with it.

Run:  python3 -m venv VENV && VENV/bin/pip install mpmath==1.4.1 scipy==1.17.1 statsmodels==0.15.0 gbstats==0.8.0
      VENV/bin/python generate.py
Each file names the packages and versions that produced it. mpmath works with 50 digits and is the reference wherever
doubles would round; scipy, statsmodels and gbstats are the reference for what a test is defined to be.
"""

import json
import math
import pathlib
import random
from importlib.metadata import version

import mpmath as mp
from gbstats.frequentist import tests as gb
from gbstats.models.statistics import (
    ProportionStatistic,
    RegressionAdjustedStatistic,
    SampleMeanStatistic,
)
from scipy import stats
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

mp.mp.dps = 50
HERE = pathlib.Path(__file__).parent
SEED = 20010115


def write(name, packages, **groups):
    made_by = {package: version(package) for package in packages}
    text = json.dumps({"madeBy": made_by, **groups}, indent=1, sort_keys=False, allow_nan=False)
    (HERE / f"{name}.json").write_text(text + "\n")


def lower_beta(a, b, x):
    """I_x(a, b); x is an exact mpf, so 1 - x keeps its digits."""
    a, b = mp.mpf(a), mp.mpf(b)
    with mp.workdps(80):
        if x * (a + b) <= a:
            value = x**a * (1 - x) ** b / (a * mp.beta(a, b)) * mp.hyp2f1(a + b, 1, a + 1, x, maxterms=10**7)
        else:
            value = 1 - (1 - x) ** b * x**a / (b * mp.beta(a, b)) * mp.hyp2f1(a + b, 1, b + 1, 1 - x, maxterms=10**7)
    return value


def gamma_tails(a, x):
    """P(a, x) by its series of positive terms and Q = 1 - P, with digits to spare for a Q down to 1e-280."""
    with mp.workdps(360 if a <= 100 else 80):
        a, x = mp.mpf(a), mp.mpf(x)
        term = total = 1 / a
        k = 0
        while term > total * mp.eps:
            k += 1
            term *= x / (a + k)
            total += term
        lower = total * mp.exp(a * mp.log(x) - x - mp.loggamma(a))
        return {"lower": float(lower), "upper": float(1 - lower)}


def special():
    xs = [1e-300, 1e-10, 0.1, 0.5, 0.9, 1.0, 1.5, 1.999, 2.0, 2.5, 3.0, 5.0, 8.0, 13.0, 20.0, 26.0]
    gammas = [1e-300, 1e-8, 0.1, 0.49, 0.5, 0.999999, 1.0000001, 1.3, 1.4999, 1.5, 1.9999999, 2.0000001, 2.5, 3.7, 9.99, 10.0, 55.5, 1e4, 1e9, 1e15]
    incomplete = [
        (a, x)
        for a in [1e-3, 0.5, 1.0, 2.5, 10.0, 100.0, 1e4, 1e5]
        for x in [a * f for f in (0.3, 0.9, 1.0)] + [a + 2 * a**0.5, a + 9 * a**0.5] + ([a + 300, a / 1000] if a < 1000 else [])
    ]
    betas = [
        (a, b, x)
        for a, b in [(0.5, 0.5), (1e-3, 2.0), (1.0, 1.0), (2.0, 5.0), (50.0, 0.5), (500.0, 700.0), (1e4, 0.5), (1e5, 3e5)]
        for x in sorted({1e-12, 0.01, 0.3, 0.5, 0.999, min(0.999999, a / (a + b))})
    ]
    write(
        "special",
        ["mpmath"],
        erf=[{"x": x, "value": float(mp.erf(x))} for x in xs],
        erfc=[{"x": x, "value": float(mp.erfc(x))} for x in xs + [-x for x in xs]],
        logGamma=[{"x": x, "value": float(mp.loggamma(x).real)} for x in gammas],
        incompleteGamma=[
            {"a": a, "x": x, **gamma_tails(a, x)} for a, x in incomplete
        ],
        incompleteBeta=[
            {"a": a, "b": b, "x": x, "lower": float(lower_beta(a, b, mp.mpf(x))), "upper": float(lower_beta(b, a, 1 - mp.mpf(x)))}
            for a, b, x in betas
        ],
    )


def student_tail(t, df):
    t, df = mp.mpf(t), mp.mpf(df)
    return lower_beta(df / 2, mp.mpf(1) / 2, df / (df + t * t)) / 2


def binomial_tail(k, n, p):
    """P(K > k) by summing exact terms."""
    p = mp.mpf(p)
    return mp.fsum(mp.binomial(n, i) * p**i * (1 - p) ** (n - i) for i in range(k + 1, n + 1))


def distributions():
    probabilities = [1e-200, 1e-50, 1e-12, 1e-4, 0.01, 0.025, 0.3, 0.5, 0.7, 0.975, 0.999]
    dfs = [1.0, 1.5, 4.0, 30.0, 1234.5, 1e6]
    shapes = [(0.5, 0.5), (2.0, 3.0), (30.0, 70.0), (1e4, 2e4)]
    binomials = [(3, 10, 0.3), (0, 10, 0.3), (10, 10, 0.3), (60, 100, 0.5), (5, 2000, 1e-3), (1040, 2000, 0.5)]
    write(
        "distributions",
        ["mpmath", "scipy"],
        normal=[{"x": x, "cdf": float(mp.ncdf(x)), "survival": float(mp.ncdf(-x))} for x in (-37.0, -8.0, -1.96, 0.0, 0.3, 1.0, 3.0, 8.0, 37.0)],
        normalQuantile=[{"p": p, "x": float(mp.sqrt(2) * mp.erfinv(2 * mp.mpf(p) - 1)) if p > 1e-20 else float(stats.norm.ppf(p))} for p in probabilities],
        student=[{"t": t, "df": df, "survival": float(student_tail(t, df))} for df in dfs for t in (0.01, 0.7, 1.96, 5.0, 40.0)],
        studentQuantile=[{"p": p, "df": df, "t": float(stats.t.ppf(p, df))} for df in dfs for p in probabilities if p >= 1e-50],
        chiSquare=[
            {"x": x, "df": df, **gamma_tails(df / 2, x / 2)} for df in (1.0, 1.5, 4.0, 30.0, 1234.5) for x in (df * 0.1, df * 0.9, df * 1.2, df + 200)
        ],
        chiSquareQuantile=[{"p": p, "df": df, "x": float(stats.chi2.ppf(p, df))} for df in dfs for p in probabilities if p >= 1e-50],
        betaQuantile=[{"p": p, "a": a, "b": b, "x": float(stats.beta.ppf(p, a, b))} for a, b in shapes for p in probabilities if p >= 1e-50],
        binomial=[
            {"k": k, "n": n, "p": p, "probability": float(mp.binomial(n, k) * mp.mpf(p) ** k * (1 - mp.mpf(p)) ** (n - k)), "survival": float(binomial_tail(k, n, p))}
            for k, n, p in binomials
        ],
        binomialQuantile=[{"q": q, "n": n, "p": p, "k": int(stats.binom.ppf(q, n, p))} for n, p in [(10, 0.3), (1000, 0.01), (10**6, 0.5)] for q in (1e-9, 0.025, 0.5, 0.975, 0.9999)],
    )


def arms(rng, n, shift, kind="mean"):
    if kind == "proportion":
        return [1.0 if rng.random() < 0.2 + shift else 0.0 for _ in range(n)]
    return [rng.gammavariate(2.0, 1.5) + shift for _ in range(n)]


def sums(values):
    return {"n": len(values), "sum": math.fsum(values), "sumSquares": math.fsum(v * v for v in values)}


def pairs_of_arms():
    rng = random.Random(SEED)
    cases = [("mean", 12, 9, 0.4), ("mean", 300, 280, 0.2), ("mean", 5000, 5200, -0.05), ("mean", 40, 900, 0.0), ("proportion", 800, 750, 0.05), ("proportion", 20000, 20000, 0.002)]
    for kind, n0, n1, shift in cases:
        yield kind, arms(rng, n0, 0.0, kind), arms(rng, n1, shift, kind)


def statistic(kind, values):
    if kind == "proportion":
        return ProportionStatistic(n=len(values), sum=math.fsum(values))
    return SampleMeanStatistic(n=len(values), sum=math.fsum(values), sum_squares=math.fsum(v * v for v in values))


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
    means = CompareMeans(t, c)
    df = means.dof_satt()
    estimate = mp.log(t.mean / c.mean)
    se = mp.sqrt(t.var_ddof(1) / t.nobs / t.mean**2 + c.var_ddof(1) / c.nobs / c.mean**2)
    width = stats.t.ppf(0.975, df) * se
    return {"ci": [float(mp.expm1(estimate - width)), float(mp.expm1(estimate + width))], "pValue": float(2 * stats.t.sf(abs(float(estimate / se)), df))}


def welch():
    cases = []
    for kind, control, treatment in pairs_of_arms():
        case = {"kind": kind, "control": sums(control), "treatment": sums(treatment)}
        case["relative"] = frequentist(kind, control, treatment, "relative")
        case["absolute"] = frequentist(kind, control, treatment, "absolute")
        if kind == "mean":
            case["logScale"] = log_scale(control, treatment)
            case["scipy"] = {
                side: {"pValue": float(test.pvalue), "ci": [end if math.isfinite(end) else None for end in map(float, test.confidence_interval(0.95))]}
                for side in ("two-sided", "less", "greater")
                for test in [stats.ttest_ind(treatment, control, equal_var=False, alternative=side)]
            }
        cases.append(case)
    write("welch", ["scipy", "statsmodels", "gbstats"], cases=cases)


def cuped():
    rng = random.Random(SEED + 1)
    cases = []
    for outcome_type, n0, n1, weight in [("mean", 200, 220, 1.0), ("mean", 5000, 5000, 0.3), ("proportion", 3000, 2900, 0.2)]:
        rows = []
        for n, shift in [(n0, 0.0), (n1, 0.15)]:
            x = [rng.gammavariate(2.0, 1.0) for _ in range(n)]
            y = [weight * v + rng.gammavariate(1.5, 1.0) + shift for v in x]
            if outcome_type == "proportion":
                y = [1.0 if v > 2.0 else 0.0 for v in y]
            rows.append((y, x))
        made = [
            RegressionAdjustedStatistic(
                n=len(y),
                post_statistic=statistic(outcome_type, y),
                pre_statistic=statistic("mean", x),
                post_pre_sum_of_products=math.fsum(a * b for a, b in zip(y, x)),
                theta=0.0,
            )
            for y, x in rows
        ]
        case = {
            "outcomeType": outcome_type,
            "arms": [{"outcome": sums(y), "covariate": sums(x), "sumProducts": math.fsum(a * b for a, b in zip(y, x))} for y, x in rows],
        }
        for difference in ("relative", "absolute"):
            test = gb.TwoSidedTTest(*made, gb.FrequentistConfig(difference_type=difference))
            result = test.compute_result()
            case[difference] = {
                "effect": float(result.expected),
                "ci": [float(end) for end in result.ci],
                "stdError": float(result.uplift.stddev),
                "theta": float(test.stat_a.theta),
            }
        cases.append(case)
    write("cuped", ["gbstats", "scipy"], cases=cases)


def one_sided_sequence(effect, se, n, rho, alpha=0.05):
    """Lower end at alpha, and the smallest error probability whose lower end is above 0, by bisection on the interval itself."""
    v = mp.mpf(n) * mp.mpf(rho) ** 2

    def lower(level):
        return effect - se * mp.sqrt(2 * (v + 1) / v * mp.log(1 + mp.sqrt(v + 1) / (2 * level)))

    low, high = mp.mpf("1e-40"), mp.mpf(1)
    if lower(high) <= 0:
        return float(lower(alpha)), 1.0
    for _ in range(200):
        middle = mp.sqrt(low * high)
        low, high = (low, middle) if lower(middle) > 0 else (middle, high)
    return float(lower(alpha)), float(high)


def mixture_ratio(difference, se, tau2):
    """The likelihood ratio of N(difference; 0, se^2) averaged over effects N(0, tau2), by quadrature."""
    v, tau = mp.mpf(se) ** 2, mp.sqrt(mp.mpf(tau2))
    peak = difference * tau2 / (tau2 + v)
    width = mp.sqrt(v * tau2 / (v + tau2))
    with mp.workdps(30):
        total = mp.quad(
            lambda d: mp.npdf(d, 0, tau) * mp.exp((difference * d - d * d / 2) / v),
            [peak + k * width for k in range(-14, 15, 2)],
        )
    return total


def sequential():
    cases = []
    for kind, control, treatment in pairs_of_arms():
        case = {"kind": kind, "control": sums(control), "treatment": sums(treatment)}
        for difference in ("relative", "absolute"):
            stat = (statistic(kind, control), statistic(kind, treatment))
            test = gb.SequentialTwoSidedTTest(*stat, gb.SequentialConfig(alpha=0.05, difference_type=difference, sequential_tuning_parameter=700))
            result = test.compute_result()
            se, effect, n = float(result.uplift.stddev), float(result.expected), len(control) + len(treatment)
            log_two_alpha = -2 * math.log(0.1)
            rho = math.sqrt((log_two_alpha + math.log(log_two_alpha + 1)) / 700)
            lower, p_value = one_sided_sequence(effect, se, n, rho)
            tau2 = (0.05 if difference == "relative" else 0.15) ** 2
            case[difference] = {
                "effect": effect,
                "ci": [float(end) for end in result.ci],
                "pValue": float(result.p_value),
                "greater": {"low": lower, "pValue": p_value},
                "msprt": {"tau2": tau2, "logRatio": float(mp.log(mixture_ratio(effect, se, tau2)))},
            }
        cases.append(case)
    write("sequential", ["gbstats", "mpmath"], cases=cases)


def share_ratio(p, successes, n, weight, one_sided):
    """The binomial likelihood ratio against p averaged over the prior beta(p w, (1-p) w).

    One-sided by quadrature over the prior cut off below p; two-sided by beta functions, as the prior may be singular at 0.
    """
    a, b, p = p * weight, (1 - p) * weight, mp.mpf(p)
    with mp.workdps(30):
        if not one_sided:
            return mp.beta(a + successes, b + n - successes) / mp.beta(a, b) / p**successes / (1 - p) ** (n - successes)
        peak = mp.mpf(successes) / n
        spread = mp.sqrt(peak * (1 - peak) / n)
        edges = [p] + [x for x in (peak + k * spread for k in range(-12, 13, 2)) if p < x < 1] + [mp.mpf(1)]
        prior = mp.quad(lambda q: q ** (a - 1) * (1 - q) ** (b - 1), edges)
        ratio = mp.quad(lambda q: q ** (a - 1) * (1 - q) ** (b - 1) * (q / p) ** successes * ((1 - q) / (1 - p)) ** (n - successes), edges)
    return ratio / prior


def prior_weight(alpha, t_opt):
    """By Lambert's function, the closed form that the iteration in the library solves."""
    k = -mp.lambertw(-mp.mpf(alpha) ** 2 / mp.e, -1).real - 1
    return max(t_opt / k - 1, mp.mpf("1e-3"))


def bernoulli():
    cases = []
    for successes, n, t_opt in [(3, 10, 100), (20, 200, 200), (7, 40, 1000), (60, 1000, 500), (400, 1000, 1000)]:
        for one_sided in (False, True):
            weight = prior_weight(0.1 if one_sided else 0.05, t_opt)
            threshold = mp.mpf(20)
            low, high = mp.mpf(successes) / n / 1000, mp.mpf(successes) / n
            for _ in range(50):
                middle = (low + high) / 2
                low, high = (middle, high) if share_ratio(middle, successes, n, weight, one_sided) >= threshold else (low, middle)
            cases.append({"successes": successes, "n": n, "tOpt": t_opt, "side": "greater" if one_sided else "two-sided", "low": float(low)})
    write("bernoulli", ["mpmath"], cases=cases)


def srm():
    splits = [([13703, 13533], [0.5, 0.5]), ([950, 48], [0.95, 0.05]), ([10, 3], [0.5, 0.5]), ([500123, 498000], [0.5, 0.5]), ([0, 4], [0.3, 0.7]), ([7, 0], [0.1, 0.9]), ([3, 7], [0.3, 0.7])]
    several = [([333, 350, 320], [1, 1, 1]), ([5000, 2600, 2400], [0.5, 0.25, 0.25])]

    def chi(observed, weights):
        total = sum(observed)
        test = stats.chisquare(observed, [total * w / sum(weights) for w in weights])
        return {"statistic": float(test.statistic), "pValue": float(test.pvalue)}

    write(
        "srm",
        ["scipy"],
        chiSquare=[{"observed": o, "weights": w, **chi(o, w)} for o, w in splits + several],
        exact=[{"observed": o, "weights": w, "pValue": float(stats.binomtest(o[0], sum(o), w[0] / sum(w)).pvalue)} for o, w in splits],
    )


def second_bound(first, t1, t2, spend, sides):
    """The boundary of the second look by adaptive quadrature over the first look's continuation region."""
    step = mp.sqrt(t2 - t1)

    def crossing(z):
        def integrand(s):
            up = mp.ncdf((s - z * mp.sqrt(t2)) / step)
            down = mp.ncdf((-s - z * mp.sqrt(t2)) / step) if sides == 2 else 0
            return mp.npdf(s, 0, mp.sqrt(t1)) * (up + down)

        edge = first * mp.sqrt(t1)
        start = -edge if sides == 2 else -9 * mp.sqrt(t1)
        with mp.workdps(20):
            return mp.quad(integrand, mp.linspace(start, edge, 13))

    return mp.findroot(lambda z: mp.log(crossing(z) / spend), (1.6, 2.4), solver="secant", tol=1e-14)


def group_sequential():
    def spent(t, alpha, sides, spending, phi):
        t, alpha = mp.mpf(t), mp.mpf(alpha)
        if spending == "power_family":
            return alpha * t**phi
        if spending == "pocock":
            return alpha * mp.log(1 + (mp.e - 1) * t)
        z = mp.sqrt(2) * mp.erfinv(1 - alpha / sides)
        return sides * 2 * mp.ncdf(-z / mp.sqrt(t))

    cases = []
    for alpha, sides, spending, phi, fractions in [
        (0.05, 1, "power_family", 2, (0.5, 1.0)),
        (0.05, 2, "power_family", 3, (0.3, 0.8)),
        (0.05, 2, "obrien_fleming", 2, (0.5, 1.0)),
        (0.025, 1, "obrien_fleming", 2, (0.4, 1.0)),
        (0.05, 2, "pocock", 2, (0.25, 1.0)),
    ]:
        first, total = (spent(t, alpha, sides, spending, phi) for t in fractions)
        z1 = -mp.sqrt(2) * mp.erfinv(2 * first / sides - 1)
        z2 = second_bound(z1, mp.mpf(fractions[0]), mp.mpf(fractions[1]), total - first, sides)
        cases.append({"alpha": alpha, "sides": sides, "spending": spending, "phi": phi, "fractions": fractions, "z": [float(z1), float(z2)]})
    write("group-sequential", ["mpmath"], cases=cases)


if __name__ == "__main__":
    for make in (special, distributions, welch, cuped, sequential, bernoulli, srm, group_sequential):
        make()
