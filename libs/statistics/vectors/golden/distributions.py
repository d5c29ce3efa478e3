"""distributions.json: the normal, Student, chi-square, beta and binomial distributions."""

import mpmath as mp
from scipy import stats

from golden.tails import binomial_probability, binomial_tail, gamma_tails, student_tail
from golden.vector_file import write

PROBABILITIES = [1e-200, 1e-50, 1e-12, 1e-4, 0.01, 0.025, 0.3, 0.5, 0.7, 0.975, 0.999]
# Below it scipy's inverses are no reference any more.
SMALLEST_INVERTED = 1e-50
INVERTED = [p for p in PROBABILITIES if p >= SMALLEST_INVERTED]
# 2 p - 1 keeps its digits in mpmath down to here.
SMALLEST_ERFINV = 1e-20
DEGREES = [1.0, 1.5, 4.0, 30.0, 1234.5, 1e6]
BETA_SHAPES = [(0.5, 0.5), (2.0, 3.0), (30.0, 70.0), (1e4, 2e4)]
BINOMIALS = [(3, 10, 0.3), (0, 10, 0.3), (10, 10, 0.3), (60, 100, 0.5), (5, 2000, 1e-3), (1040, 2000, 0.5)]
BINOMIAL_LEVELS = (1e-9, 0.025, 0.5, 0.975, 0.9999)


def normals():
    at = (-37.0, -8.0, -1.96, 0.0, 0.3, 1.0, 3.0, 8.0, 37.0)
    return [{"x": x, "cdf": float(mp.ncdf(x)), "survival": float(mp.ncdf(-x))} for x in at]


def normal_quantile(p):
    if p > SMALLEST_ERFINV:
        return float(mp.sqrt(2) * mp.erfinv(2 * mp.mpf(p) - 1))
    return float(stats.norm.ppf(p))


def students():
    at = [(df, t) for df in DEGREES for t in (0.01, 0.7, 1.96, 5.0, 40.0)]
    return [{"t": t, "df": df, "survival": float(student_tail(t, df))} for df, t in at]


def chi_squares():
    at = [(df, x) for df in (1.0, 1.5, 4.0, 30.0, 1234.5) for x in (df * 0.1, df * 0.9, df * 1.2, df + 200)]
    return [{"x": x, "df": df, **gamma_tails(df / 2, x / 2)} for df, x in at]


def binomial(k, n, p):
    exact = mp.mpf(p)
    probability, survival = binomial_probability(k, n, exact), binomial_tail(k, n, exact)
    return {"k": k, "n": n, "p": p, "probability": float(probability), "survival": float(survival)}


def binomial_quantiles():
    at = [(q, n, p) for n, p in [(10, 0.3), (1000, 0.01), (10**6, 0.5)] for q in BINOMIAL_LEVELS]
    return [{"q": q, "n": n, "p": p, "k": int(stats.binom.ppf(q, n, p))} for q, n, p in at]


def distributions():
    inverted = [(df, p) for df in DEGREES for p in INVERTED]
    betas = [(a, b, p) for a, b in BETA_SHAPES for p in INVERTED]
    write(
        "distributions",
        ["mpmath", "scipy"],
        normal=normals(),
        normalQuantile=[{"p": p, "x": normal_quantile(p)} for p in PROBABILITIES],
        student=students(),
        studentQuantile=[{"p": p, "df": df, "t": float(stats.t.ppf(p, df))} for df, p in inverted],
        chiSquare=chi_squares(),
        chiSquareQuantile=[{"p": p, "df": df, "x": float(stats.chi2.ppf(p, df))} for df, p in inverted],
        betaQuantile=[{"p": p, "a": a, "b": b, "x": float(stats.beta.ppf(p, a, b))} for a, b, p in betas],
        binomial=[binomial(*at) for at in BINOMIALS],
        binomialQuantile=binomial_quantiles(),
    )
