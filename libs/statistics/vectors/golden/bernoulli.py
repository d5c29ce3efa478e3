"""bernoulli.json: confidence sequences of a share, by bisection on the mixture's likelihood ratio itself."""

import mpmath as mp

from golden.vector_file import write

# The ratio at which a share is ruled out: 1 / 0.05.
RULED_OUT = mp.mpf(20)


def two_sided_ratio(p, successes, n, prior):
    """The binomial likelihood ratio against p averaged over the prior beta(a, b).

    By beta functions, as the prior may be singular at 0.
    """
    a, b = prior
    mixed = mp.beta(a + successes, b + n - successes) / mp.beta(a, b)
    return mixed / p**successes / (1 - p) ** (n - successes)


def one_sided_ratio(p, successes, n, prior):
    """The same with the prior cut off below p, by quadrature."""
    a, b = prior
    peak = mp.mpf(successes) / n
    spread = mp.sqrt(peak * (1 - peak) / n)
    edges = [p] + [x for x in (peak + k * spread for k in range(-12, 13, 2)) if p < x < 1] + [mp.mpf(1)]

    def density(q):
        return q ** (a - 1) * (1 - q) ** (b - 1)

    def weighted(q):
        return density(q) * (q / p) ** successes * ((1 - q) / (1 - p)) ** (n - successes)

    return mp.quad(weighted, edges) / mp.quad(density, edges)


def prior_weight(alpha, t_opt):
    """By Lambert's function, the closed form that the iteration in the library solves."""
    k = -mp.lambertw(-(mp.mpf(alpha) ** 2) / mp.e, -1).real - 1
    return max(t_opt / k - 1, mp.mpf("1e-3"))


def low_end(successes, n, weight, ratio):
    """The smallest share that is not ruled out; the prior of a share p is beta(p w, (1 - p) w)."""

    def excluded(share):
        prior = (share * weight, (1 - share) * weight)
        with mp.workdps(30):
            return ratio(share, successes, n, prior) >= RULED_OUT

    low, high = mp.mpf(successes) / n / 1000, mp.mpf(successes) / n
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if excluded(middle) else (low, middle)
    return float(low)


def case(counts, side):
    successes, n, t_opt = counts
    alpha, ratio = (0.1, one_sided_ratio) if side == "greater" else (0.05, two_sided_ratio)
    low = low_end(successes, n, prior_weight(alpha, t_opt), ratio)
    return {"successes": successes, "n": n, "tOpt": t_opt, "side": side, "low": low}


def bernoulli():
    counts = [(3, 10, 100), (20, 200, 200), (7, 40, 1000), (60, 1000, 500), (400, 1000, 1000)]
    cases = [case(at, side) for at in counts for side in ("two-sided", "greater")]
    write("bernoulli", ["mpmath"], cases=cases)
