"""A logistic regression on whatever the job reads; what is not known counts as its mean."""

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from roofshot_trainer import metrics


def train(run):
    train, valid = run.split()
    model = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression())
    model.fit(train[run.features].to_numpy(dtype=np.float32), train[run.label])
    if len(valid):
        p = model.predict_proba(valid[run.features].to_numpy(dtype=np.float32))[:, 1]
        run.log_metric("log_loss", metrics.log_loss(valid[run.label], p))
        run.log_metric("auc", metrics.auc(valid[run.label], p))
    run.log_model(model)
