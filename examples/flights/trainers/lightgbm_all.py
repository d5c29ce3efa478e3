"""Predicts a late landing from everything that the stream knows at departure; empty values are fine."""

from lightgbm import LGBMClassifier

from roofshot_trainer import Run
from roofshot_trainer.metrics import auc, brier, cost, log_loss

STABLE = {"deterministic": True, "force_row_wise": True, "verbose": -1}


def train(run: Run) -> None:
    fit, valid = run.split()
    model = LGBMClassifier(**run.params, **STABLE, subsample_freq=1, seed=run.seed, n_jobs=run.n_jobs)
    model.fit(fit[run.features], fit[run.label])
    if len(valid):
        late, p = valid[run.label], model.predict_proba(valid[run.features])[:, 1]
        run.log_metric("auc", auc(late, p))
        run.log_metric("log_loss", log_loss(late, p))
        run.log_metric("brier", brier(late, p))
        run.log_metric("cost", cost(late, p, threshold=0.2))
    run.log_model(model)
