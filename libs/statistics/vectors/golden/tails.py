"""Tails of distributions by series of positive terms, with digits to spare."""

import mpmath as mp

# Up to it the vectors go so far out that Q loses 280 digits to 1 - P.
SMALL_SHAPE = 100


def lower_beta(a, b, x):
    """I_x(a, b); x is an exact mpf, so 1 - x keeps its digits."""
    a, b = mp.mpf(a), mp.mpf(b)
    with mp.workdps(80):
        front = x**a * (1 - x) ** b
        if x * (a + b) <= a:
            return front / (a * mp.beta(a, b)) * mp.hyp2f1(a + b, 1, a + 1, x, maxterms=10**7)
        return 1 - front / (b * mp.beta(a, b)) * mp.hyp2f1(a + b, 1, b + 1, 1 - x, maxterms=10**7)


def gamma_tails(a, x):
    """P(a, x) by its series of positive terms and Q = 1 - P, with digits to spare for a Q down to 1e-280."""
    with mp.workdps(360 if a <= SMALL_SHAPE else 80):
        a, x = mp.mpf(a), mp.mpf(x)
        term = total = 1 / a
        k = 0
        while term > total * mp.eps:
            k += 1
            term *= x / (a + k)
            total += term
        lower = total * mp.exp(a * mp.log(x) - x - mp.loggamma(a))
        return {"lower": float(lower), "upper": float(1 - lower)}


def student_tail(t, df):
    """P(T > t), t > 0."""
    t, df = mp.mpf(t), mp.mpf(df)
    return lower_beta(df / 2, mp.mpf(1) / 2, df / (df + t * t)) / 2


def binomial_probability(k, n, p):
    """P(K = k); p is an exact mpf."""
    return mp.binomial(n, k) * p**k * (1 - p) ** (n - k)


def binomial_tail(k, n, p):
    """P(K > k) by summing exact terms; p is an exact mpf."""
    return mp.fsum(binomial_probability(i, n, p) for i in range(k + 1, n + 1))
