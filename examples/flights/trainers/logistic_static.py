"""Predicts a late landing from the timetable alone: the first version, and what any other has to beat."""

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from roofshot_trainer import Run
from roofshot_trainer.metrics import auc, brier, cost, log_loss

COLUMNS = ["hour", "weekday", "distance"]


def train(run: Run) -> None:
    fit, valid = run.split()
    prepare = ColumnTransformer(
        [
            ("calendar", OneHotEncoder(handle_unknown="ignore"), ["hour", "weekday"]),
            ("miles", StandardScaler(), ["distance"]),
            ("log_miles", make_pipeline(FunctionTransformer(np.log1p), StandardScaler()), ["distance"]),
        ]
    )
    learner = LogisticRegression(**{"C": 1.0, "max_iter": 1000, **run.params}, random_state=run.seed)
    model = make_pipeline(prepare, learner).fit(fit[COLUMNS], fit[run.label])
    if len(valid):
        late, p = valid[run.label], model.predict_proba(valid[COLUMNS])[:, 1]
        run.log_metric("auc", auc(late, p))
        run.log_metric("log_loss", log_loss(late, p))
        run.log_metric("brier", brier(late, p))
        run.log_metric("cost", cost(late, p, threshold=0.2))
    run.log_model(model, features=COLUMNS)
