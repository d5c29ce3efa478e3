"""Reads run.json: what the dispatcher orders."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TypeVar, cast

from roofshot_trainer.errors import SpecError

T = TypeVar("T")


@dataclass(frozen=True)
class Feature:
    """A column that the model reads, in the order in which serving will send it."""

    name: str
    dtype: str


@dataclass(frozen=True)
class RunSpec:
    """One order, checked. Times are in UTC."""

    run_id: str
    trial_id: str | None
    job: str
    model: str
    params: dict[str, Any]
    n_jobs: int
    seed: int
    snapshot_path: Path
    snapshot_hash: str | None
    features: tuple[Feature, ...]
    label: str
    event_time: str
    validation_from: datetime | None
    refit: bool
    deadline: datetime | None


def parse_time(text: str) -> datetime:
    """RFC 3339 to a time in UTC; raises ValueError, also when the offset is missing."""
    time = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if time.tzinfo is None:
        raise ValueError(f"{text} has no offset")
    return time.astimezone(timezone.utc)


class _Fields:
    """Takes fields out of run.json and collects every fault, so that all are told at once."""

    def __init__(self, body: dict[str, Any]) -> None:
        self.body = body
        self.faults: list[str] = []

    def take(self, path: str, parse: Callable[[Any], T], default: T) -> T:
        """The field at a dotted path; `default` when it is absent or null."""
        value: Any = self.body
        for part in path.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return default if value is None else self._parse(path, value, parse, default)

    def require(self, path: str, parse: Callable[[Any], T], default: T) -> T:
        """As `take`, but an absent field is a fault."""
        before = len(self.faults)
        marker: Any = object()
        value: object = self.take(path, parse, marker)
        if value is not marker:
            return cast(T, value)
        if len(self.faults) == before:
            self.faults.append(f"{path} is missing")
        return default

    def _parse(self, path: str, value: object, parse: Callable[[Any], T], default: T) -> T:
        try:
            return parse(value)
        except (TypeError, ValueError, KeyError) as error:
            self.faults.append(f"{path}: {error}")
            return default


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError(f"{value!r} must be a text that is not empty")
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError(f"{value!r} must be a whole number ≥ 0")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} must be true or false")
    return value


def _params(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} must be an object")
    return dict(value)


def _time(value: object) -> datetime:
    return parse_time(_text(value))


def _features(value: object) -> tuple[Feature, ...]:
    if not isinstance(value, list) or not value:
        raise TypeError("must be a list of at least one {name, dtype}")
    features = tuple(Feature(_text(f["name"]), _text(f.get("dtype", "float"))) for f in value)
    names = [feature.name for feature in features]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"named twice: {', '.join(twice)}")
    return features


def _jobs(fields: _Fields, params: dict[str, Any]) -> int:
    """`n_jobs` is the machine's business and not the model's: it is taken out of the parameters."""
    if "n_jobs" not in params:
        return 1
    return max(1, fields._parse("params.n_jobs", params.pop("n_jobs"), _whole, 1))


def parse_spec(body: dict[str, Any], run_dir: Path) -> RunSpec:
    """Checks the order. Raises SpecError with every fault; a relative snapshot path is under `run_dir`."""
    fields = _Fields(body)
    params: dict[str, Any] = fields.take("params", _params, {})
    spec = RunSpec(
        run_id=fields.require("runId", _text, ""),
        trial_id=fields.take("trialId", _text, None),
        job=fields.take("job", _text, ""),
        model=fields.take("model", _text, ""),
        params=params,
        n_jobs=_jobs(fields, params),
        seed=fields.require("seed", _whole, 0),
        snapshot_path=run_dir / fields.require("snapshot.path", _text, ""),
        snapshot_hash=fields.take("snapshot.hash", _text, None),
        features=fields.require("features", _features, ()),
        label=fields.require("label", _text, ""),
        event_time=fields.require("eventTimeColumn", _text, ""),
        validation_from=fields.take("validation.from", _time, None),
        refit=fields.take("refit", _flag, False),
        deadline=fields.take("deadline", _time, None),
    )
    if fields.faults:
        raise SpecError(f"run.json is faulty: {'; '.join(fields.faults)}.", "Correct these fields.")
    return spec


def read_spec(run_dir: Path) -> RunSpec:
    """Reads `run_dir`/run.json. Raises SpecError when it is absent, not JSON, or faulty."""
    path = run_dir / "run.json"
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SpecError(
            f"{path} does not exist.", "Give --run-dir the folder that holds the run's run.json."
        ) from error
    except (OSError, ValueError) as error:
        raise SpecError(f"{path} cannot be read: {error}.", "Write the order as JSON.") from error
    if not isinstance(body, dict):
        raise SpecError(f"{path} holds {type(body).__name__}.", "Write the order as a JSON object.")
    return parse_spec(body, run_dir)
