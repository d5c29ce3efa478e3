"""Metrics of a probability forecast `p` for outcomes `y` (1 = happened). All raise MetricError."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from roofshot_trainer.errors import MetricError

Numbers: TypeAlias = "npt.ArrayLike"
_Pair: TypeAlias = "tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]"

_CLIP = 1e-15
"""Keeps the logarithm finite for a forecast of exactly 0 or 1, as scikit-learn's float64 does."""


def auc(y: Numbers, p: Numbers) -> float:
    """Area under the ROC curve: P(score of a positive > score of a negative), ties count one half.

    Mann-Whitney U over mid-ranks (Hanley and McNeil 1982). Needs both classes.
    """
    outcomes, scores = _checked(y, p, "auc")
    positives = int(outcomes.sum())
    negatives = len(outcomes) - positives
    if positives == 0 or negatives == 0:
        raise MetricError(
            f"auc needs both classes; the {len(outcomes)} rows hold only {outcomes[0]:.0f}.",
            "Score a longer validation period.",
        )
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    mid_ranks = np.cumsum(counts) - (counts - 1) / 2
    u = mid_ranks[place][outcomes == 1].sum() - positives * (positives + 1) / 2
    return float(u / (positives * negatives))


def log_loss(y: Numbers, p: Numbers) -> float:
    """Mean negative log-likelihood, in nats."""
    outcomes, scores = _checked(y, p, "log_loss")
    likelihood = np.where(outcomes == 1, scores, 1 - scores)
    return float(-np.log(np.clip(likelihood, _CLIP, 1)).mean())


def brier(y: Numbers, p: Numbers) -> float:
    """Mean squared error of the probability (Brier 1950)."""
    outcomes, scores = _checked(y, p, "brier")
    return float(np.square(scores - outcomes).mean())


def cost(  # noqa: PLR0913 -- two rates that are always named
    y: Numbers, p: Numbers, threshold: float, *, false_alarm: float = 1.0, miss: float = 4.0
) -> float:
    """Mean cost per row of acting when `p` > `threshold`.

    With calibrated probabilities the cheapest threshold is false_alarm / (false_alarm + miss).
    """
    outcomes, scores = _checked(y, p, "cost")
    acted = scores > threshold
    alarms = np.sum(acted & (outcomes == 0))
    misses = np.sum(~acted & (outcomes == 1))
    return float((false_alarm * alarms + miss * misses) / len(outcomes))


def _checked(y: Numbers, p: Numbers, metric: str) -> _Pair:
    outcomes, scores = np.asarray(y, dtype=np.float64), np.asarray(p, dtype=np.float64)
    if outcomes.shape != scores.shape or outcomes.ndim != 1 or len(outcomes) == 0:
        raise MetricError(
            f"{metric} needs two lists of one length; got shapes {outcomes.shape} and {scores.shape}.",
            "Pass the labels, and the second column of predict_proba.",
        )
    if not np.isin(outcomes, (0.0, 1.0)).all():
        raise MetricError(f"{metric} needs outcomes of 0 and 1.", "Pass the label's column.")
    if not (np.isfinite(scores).all() and scores.min() >= 0 and scores.max() <= 1):
        raise MetricError(
            f"{metric} needs probabilities from 0 to 1; got {scores.min()} to {scores.max()}.",
            "Pass predict_proba(...)[:, 1]; an infinite or missing value comes from the model.",
        )
    return outcomes, scores
