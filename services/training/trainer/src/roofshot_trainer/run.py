"""What a training file sees of its run."""

import hashlib
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from roofshot_trainer.errors import MetricError, ModelError
from roofshot_trainer.reporter import Reporter
from roofshot_trainer.spec import RunSpec

if TYPE_CHECKING:
    import pandas as pd


class Run:
    """One execution of a training file.

    id, trial, job, model: names of what was ordered; trial is None outside a search.
    params:     the hyper-parameters of this run, for the model's constructor.
    seed:       makes the run repeatable; `random` and `numpy.random` are seeded with it already.
    n_jobs:     threads that may be used (the parameter `n_jobs`, 1 unless the job says more).
    features:   names of the columns that the model may read, in the order of serving.
    label:      name of the column to predict, 0 or 1.
    event_time: name of the column of the observation's time, UTC.
    refit:      True when the run trains on all rows, after a search.
    """

    def __init__(self, spec: RunSpec, run_dir: Path, reporter: Reporter) -> None:
        self.id, self.trial, self.job, self.model = spec.run_id, spec.trial_id, spec.job, spec.model
        self.params = dict(spec.params)
        self.seed = spec.seed
        self.n_jobs = spec.n_jobs
        self.features = [feature.name for feature in spec.features]
        self.label = spec.label
        self.event_time = spec.event_time
        self.refit = spec.refit
        self.has_model = False
        self._spec = spec
        self._dir = run_dir
        self._reporter = reporter
        self._frame: pd.DataFrame | None = None

    def split(self) -> "tuple[pd.DataFrame, pd.DataFrame]":
        """(train, valid): the features as float32 (empty = NaN), the label, the event time.

        `valid` is empty when the job has no validation, or for a refit.
        """
        from roofshot_trainer.snapshot import split_frame

        return split_frame(self._snapshot(), self._spec)

    def log_param(self, name: str, value: str | float | bool | None) -> None:
        """Records a fact about the run that is not in `params`."""
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise MetricError(
                f"The parameter {name!r} = {value!r} cannot be recorded: {error}.",
                "Pass a text, a finite number, a flag or None.",
            ) from error
        self._reporter.send({"type": "param", "name": name, "value": value})

    def log_metric(self, name: str, value: float, step: int | None = None) -> None:
        """Records a finite number; `step` counts epochs or trees where there are several."""
        number = float(value)
        if not math.isfinite(number):
            where = "" if step is None else f" at step {step}"
            raise MetricError(
                f"The metric {name!r} is {number}{where}: a search cannot compare it.",
                "Look for a division by zero, an empty validation set or a diverging model.",
            )
        self._reporter.send({"type": "metric", "name": name, "value": number, "step": step})

    def log_model(self, model: Any, features: list[str] | None = None) -> float:
        """Writes a fitted classifier as ONNX, checks it against predict_proba, and reports it.

        `features` names the columns that it was fitted on when they are not all of `run.features`.
        Returns the greatest difference of a probability. Raises ModelError.
        """
        from roofshot_trainer.onnx_model import export_onnx

        if self.has_model:
            raise ModelError("log_model was called twice.", "One run gives one model: keep the best.")
        names = self.features if features is None else self._known(features)
        content, difference = export_onnx(model, self._snapshot()[names])
        path = self._dir / "model.onnx"
        path.write_bytes(content)
        dtypes = {feature.name: feature.dtype for feature in self._spec.features}
        inputs = [{"name": name, "dtype": dtypes[name]} for name in names]
        self._reporter.send(
            {
                "type": "model",
                "path": str(path.resolve()),
                "format": "onnx",
                "signature": {"inputs": inputs, "output": "probabilities"},
                "maxDifference": difference,
                "sha256": hashlib.sha256(content).hexdigest(),
                "bytes": len(content),
            }
        )
        self.has_model = True
        return difference

    def _snapshot(self) -> "pd.DataFrame":
        from roofshot_trainer.snapshot import load_snapshot

        if self._frame is None:
            self._frame = load_snapshot(self._spec)
        return self._frame

    def _known(self, names: list[str]) -> list[str]:
        from roofshot_trainer.errors import nearest_names

        unknown = [name for name in names if name not in self.features]
        if unknown or not names:
            raise ModelError(
                f"features={names} of log_model must name some of run.features.",
                " ".join(f"{name}: {nearest_names(name, self.features)}" for name in unknown)
                or "Name at least one.",
            )
        return names
