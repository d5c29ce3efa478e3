import numpy as np
import pytest
from sklearn import metrics as reference

from roofshot_trainer.errors import MetricError
from roofshot_trainer.metrics import auc, brier, cost, log_loss

RANDOM = np.random.default_rng(3)
LATE = RANDOM.integers(0, 2, 500)
TIED = np.round(RANDOM.random(500), 1)


def test_auc_counts_ties_one_half_as_scikit_learn_does() -> None:
    assert auc(LATE, TIED) == pytest.approx(reference.roc_auc_score(LATE, TIED), abs=1e-12)
    assert auc([0, 1, 1], [0.5, 0.5, 0.5]) == 0.5
    assert auc([0, 1], [0.1, 0.2]) == 1.0


def test_log_loss_and_brier_agree_with_scikit_learn() -> None:
    p = np.clip(TIED, 0.01, 0.99)
    assert log_loss(LATE, p) == pytest.approx(reference.log_loss(LATE, p), abs=1e-12)
    assert brier(LATE, TIED) == pytest.approx(reference.brier_score_loss(LATE, TIED), abs=1e-12)


def test_log_loss_of_a_certain_mistake_is_finite() -> None:
    assert log_loss([1], [0.0]) == pytest.approx(34.54, abs=0.01)


def test_cost_charges_false_alarms_and_misses_at_a_strict_threshold() -> None:
    # acted on: rows 1 and 3; row 3 is a false alarm, row 0 at the threshold itself is a miss
    assert cost([1, 1, 0, 0], [0.2, 0.9, 0.1, 0.3], 0.2) == (4 + 1) / 4
    assert cost([1, 0], [0.0, 1.0], 0.5, false_alarm=2, miss=10) == 6


@pytest.mark.parametrize(
    ("y", "p", "said"),
    [
        ([1, 1], [0.1, 0.2], "both classes"),
        ([0, 1], [0.1], "one length"),
        ([0, 1], [0.1, float("nan")], "from 0 to 1"),
        ([0, 1], [0.1, 1.5], "from 0 to 1"),
        ([0, 2], [0.1, 0.5], "0 and 1"),
        ([], [], "one length"),
    ],
)
def test_a_metric_without_a_value_says_why(y: list[float], p: list[float], said: str) -> None:
    with pytest.raises(MetricError, match=said) as caught:
        auc(y, p)
    assert caught.value.hint
