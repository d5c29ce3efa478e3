"""special.json: error function, logarithm of the gamma function, incomplete gamma and beta functions."""

import mpmath as mp

from golden.tails import gamma_tails, lower_beta
from golden.vector_file import write

ERF_AT = [1e-300, 1e-10, 0.1, 0.5, 0.9, 1.0, 1.5, 1.999, 2.0, 2.5, 3.0, 5.0, 8.0, 13.0, 20.0, 26.0]
# Close to 1 and 2 the logarithm is close to 0, where digits are easily lost.
LOG_GAMMA_AT = [1e-300, 1e-8, 0.1, 0.49, 0.5, 0.999999, 1.0000001, 1.3, 1.4999, 1.5, 1.9999999, 2.0000001]
LOG_GAMMA_AT += [2.5, 3.7, 9.99, 10.0, 55.5, 1e4, 1e9, 1e15]
# Above it, 300 beyond the mean is still near, and a thousandth of it is 0 in doubles.
WIDE_SHAPE = 1000
GAMMA_SHAPES = [1e-3, 0.5, 1.0, 2.5, 10.0, 100.0, 1e4, 1e5]
BETA_SHAPES = [(0.5, 0.5), (1e-3, 2.0), (1.0, 1.0), (2.0, 5.0), (50.0, 0.5)]
BETA_SHAPES += [(500.0, 700.0), (1e4, 0.5), (1e5, 3e5)]


def gamma_points(a):
    """Below, at and above the mean; far out on both sides where the shape is small enough for it."""
    near = [a * 0.3, a * 0.9, a * 1.0, a + 2 * a**0.5, a + 9 * a**0.5]
    return near + ([a + 300, a / 1000] if a < WIDE_SHAPE else [])


def beta_points(a, b):
    return sorted({1e-12, 0.01, 0.3, 0.5, 0.999, min(0.999999, a / (a + b))})


def beta_tails(a, b, x):
    exact = mp.mpf(x)
    return {"lower": float(lower_beta(a, b, exact)), "upper": float(lower_beta(b, a, 1 - exact))}


def special():
    gammas = [(a, x) for a in GAMMA_SHAPES for x in gamma_points(a)]
    betas = [(a, b, x) for a, b in BETA_SHAPES for x in beta_points(a, b)]
    write(
        "special",
        ["mpmath"],
        erf=[{"x": x, "value": float(mp.erf(x))} for x in ERF_AT],
        erfc=[{"x": x, "value": float(mp.erfc(x))} for x in ERF_AT + [-x for x in ERF_AT]],
        logGamma=[{"x": x, "value": float(mp.loggamma(x).real)} for x in LOG_GAMMA_AT],
        incompleteGamma=[{"a": a, "x": x, **gamma_tails(a, x)} for a, x in gammas],
        incompleteBeta=[{"a": a, "b": b, "x": x, **beta_tails(a, b, x)} for a, b, x in betas],
    )
