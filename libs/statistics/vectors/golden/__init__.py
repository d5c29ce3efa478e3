"""Golden values for the tests of libs/statistics: a module for each file of vectors, and what they share."""

import mpmath as mp

# Doubles hold 17 digits; the rest is room for what the formulas cancel.
mp.mp.dps = 50
