import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from conftest import make_order, make_snapshot
from roofshot_trainer.errors import SnapshotError
from roofshot_trainer.snapshot import load_snapshot, split_frame
from roofshot_trainer.spec import RunSpec, parse_spec


def spec_of(path: Path, frame: pd.DataFrame | None = None, **changes: Any) -> RunSpec:
    (make_snapshot() if frame is None else frame).to_parquet(path / "snapshot.parquet")
    return parse_spec(make_order(**changes), path)


def test_features_are_float32_and_empty_values_are_nan(tmp_path: Path) -> None:
    frame = load_snapshot(spec_of(tmp_path))
    assert list(frame.columns) == ["hour", "delays", "noise", "late", "departed"]
    assert {str(frame[name].dtype) for name in ("hour", "delays", "noise")} == {"float32"}
    assert frame["delays"].isna().sum() == make_snapshot()["delays"].isna().sum()
    assert set(frame["late"]) == {0, 1}


def test_rows_are_split_at_the_start_of_the_validation(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, validation={"from": "2001-01-10T00:00:00Z"})
    train, valid = split_frame(load_snapshot(spec), spec)
    start = pd.Timestamp("2001-01-10", tz="UTC")
    assert train["departed"].max() < start
    assert valid["departed"].min() == start
    assert len(train) + len(valid) == len(make_snapshot())


@pytest.mark.parametrize("change", [{"validation": None}, {"refit": True}])
def test_a_refit_trains_on_all_rows(tmp_path: Path, change: dict[str, Any]) -> None:
    spec = spec_of(tmp_path, **change)
    train, valid = split_frame(load_snapshot(spec), spec)
    assert (len(train), len(valid)) == (len(make_snapshot()), 0)


@pytest.mark.parametrize("zone", [None, "America/Chicago"])
def test_event_times_are_read_in_any_zone(tmp_path: Path, zone: str | None) -> None:
    frame = make_snapshot()
    times = frame["departed"].dt.tz_convert(zone or "UTC")
    frame["departed"] = times.dt.tz_localize(None) if zone is None else times
    loaded = load_snapshot(spec_of(tmp_path, frame))
    assert loaded["departed"][0] == pd.Timestamp("2001-01-01", tz="UTC")


def test_event_times_are_read_from_text(tmp_path: Path) -> None:
    frame = make_snapshot()
    frame["departed"] = frame["departed"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert load_snapshot(spec_of(tmp_path, frame))["departed"][1].minute == 30


def test_a_missing_column_comes_with_the_nearest_names(tmp_path: Path) -> None:
    features = [{"name": "hours"}, {"name": "delay"}]
    with pytest.raises(SnapshotError, match="'hours', 'delay'") as caught:
        load_snapshot(spec_of(tmp_path, features=features))
    assert "hours: Did you mean 'hour'?" in caught.value.hint
    assert "delay: Did you mean 'delays'?" in caught.value.hint


def test_a_feature_of_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="not numbers: flight"):
        load_snapshot(spec_of(tmp_path, features=[{"name": "flight"}]))


def test_a_feature_that_is_empty_throughout_stays(tmp_path: Path) -> None:
    frame = make_snapshot().assign(noise=None)
    assert load_snapshot(spec_of(tmp_path, frame))["noise"].isna().all()


def test_an_empty_snapshot_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="no rows"):
        load_snapshot(spec_of(tmp_path, make_snapshot().iloc[:0]))


def test_a_snapshot_of_one_class_is_refused(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, make_snapshot().assign(late=False))
    with pytest.raises(SnapshotError, match="All 432 training rows have late = 0"):
        split_frame(load_snapshot(spec), spec)


@pytest.mark.parametrize("value", [None, 2])
def test_a_label_that_is_unknown_or_no_condition_is_refused(tmp_path: Path, value: object) -> None:
    frame = make_snapshot()
    frame["late"] = frame["late"].astype("object").where(frame.index != 5, value).astype("Int64")
    with pytest.raises(SnapshotError, match="must be true or false"):
        load_snapshot(spec_of(tmp_path, frame))


def test_a_validation_outside_the_snapshot_names_its_times(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, validation={"from": "2002-01-01T00:00:00Z"})
    with pytest.raises(SnapshotError, match=r"600 rows to train on and 0 to validate.*2001-01-01"):
        split_frame(load_snapshot(spec), spec)


def test_a_snapshot_that_is_not_the_one_ordered_is_refused(tmp_path: Path) -> None:
    spec = spec_of(tmp_path)
    digest = hashlib.sha256(spec.snapshot_path.read_bytes()).hexdigest()
    order = make_order(snapshot={"path": "snapshot.parquet", "hash": f"sha256/{digest}"})
    assert len(load_snapshot(parse_spec(order, tmp_path))) == 600
    order["snapshot"]["hash"] = f"sha256/{digest[::-1]}"
    with pytest.raises(SnapshotError, match="not the one that was ordered"):
        load_snapshot(parse_spec(order, tmp_path))


def test_a_snapshot_that_is_absent_or_damaged_is_named(tmp_path: Path) -> None:
    spec = parse_spec(make_order(), tmp_path)
    with pytest.raises(SnapshotError, match="does not exist"):
        load_snapshot(spec)
    spec.snapshot_path.write_bytes(np.zeros(64).tobytes())
    with pytest.raises(SnapshotError, match="not a Parquet file"):
        load_snapshot(spec)
