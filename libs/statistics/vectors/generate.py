"""Writes the golden values for the tests of libs/statistics, computed by code that shares nothing with it.

Run, in this folder:
  python3 -m venv VENV
  VENV/bin/pip install mpmath==1.4.1 scipy==1.17.1 statsmodels==0.15.0 gbstats==0.8.0 evidently==0.7.23
  VENV/bin/python generate.py && npx prettier --write *.json
Each file names the packages and versions that produced it. mpmath works with 50 digits and is the reference
wherever doubles would round; scipy, statsmodels, gbstats and Evidently are the reference for what a test is.
"""

from golden.bernoulli import bernoulli
from golden.cuped import cuped
from golden.distributions import distributions
from golden.drift import drift
from golden.group_sequential import group_sequential
from golden.sequential import sequential
from golden.special import special
from golden.srm import srm
from golden.welch import welch

if __name__ == "__main__":
    for make in (special, distributions, welch, cuped, sequential, bernoulli, srm, group_sequential, drift):
        make()
