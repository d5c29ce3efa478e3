"""group-sequential.json: boundaries of the first and second look for several ways to spend alpha."""

import mpmath as mp

from golden.vector_file import write

# Alpha, sides, spending function, its power, the two looks' shares of the information.
DESIGNS = [
    (0.05, 1, "power_family", 2, (0.5, 1.0)),
    (0.05, 2, "power_family", 3, (0.3, 0.8)),
    (0.05, 2, "obrien_fleming", 2, (0.5, 1.0)),
    (0.025, 1, "obrien_fleming", 2, (0.4, 1.0)),
    (0.05, 2, "pocock", 2, (0.25, 1.0)),
]
TWO_SIDED = 2


def spent(t, alpha, sides, spending):
    """Alpha spent by the share t of the information; `spending` is (name, power)."""
    name, power = spending
    t, alpha = mp.mpf(t), mp.mpf(alpha)
    if name == "power_family":
        return alpha * t**power
    if name == "pocock":
        return alpha * mp.log(1 + (mp.e - 1) * t)
    z = mp.sqrt(2) * mp.erfinv(1 - alpha / sides)
    return sides * 2 * mp.ncdf(-z / mp.sqrt(t))


def second_bound(first, times, spend, sides):
    """The boundary of the second look by adaptive quadrature over the first look's continuation region."""
    t1, t2 = map(mp.mpf, times)
    step = mp.sqrt(t2 - t1)
    edge = first * mp.sqrt(t1)
    start = -edge if sides == TWO_SIDED else -9 * mp.sqrt(t1)

    def crossing(z):
        def integrand(s):
            up = mp.ncdf((s - z * mp.sqrt(t2)) / step)
            down = mp.ncdf((-s - z * mp.sqrt(t2)) / step) if sides == TWO_SIDED else 0
            return mp.npdf(s, 0, mp.sqrt(t1)) * (up + down)

        with mp.workdps(20):
            return mp.quad(integrand, mp.linspace(start, edge, 13))

    return mp.findroot(lambda z: mp.log(crossing(z) / spend), (1.6, 2.4), solver="secant", tol=1e-14)


def case(design):
    alpha, sides, spending, phi, fractions = design
    first, total = (spent(t, alpha, sides, (spending, phi)) for t in fractions)
    z1 = -mp.sqrt(2) * mp.erfinv(2 * first / sides - 1)
    z2 = second_bound(z1, fractions, total - first, sides)
    described = {"alpha": alpha, "sides": sides, "spending": spending, "phi": phi, "fractions": fractions}
    return {**described, "z": [float(z1), float(z2)]}


def group_sequential():
    write("group-sequential", ["mpmath"], cases=[case(design) for design in DESIGNS])
