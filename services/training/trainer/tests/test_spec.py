from datetime import datetime, timezone
from pathlib import Path

import pytest

from conftest import make_order
from roofshot_trainer.errors import SpecError, nearest_names
from roofshot_trainer.spec import parse_spec, read_spec


def test_an_order_is_read_with_its_times_in_utc(tmp_path: Path) -> None:
    order = make_order(validation={"from": "2001-01-12T19:00:00-05:00"}, params={"depth": 3})
    spec = parse_spec(order, tmp_path)
    assert spec.validation_from == datetime(2001, 1, 13, tzinfo=timezone.utc)
    assert spec.snapshot_path == tmp_path / "snapshot.parquet"
    assert [feature.name for feature in spec.features] == ["hour", "delays", "noise"]
    assert spec.params == {"depth": 3}


def test_threads_are_the_machines_business_and_leave_the_parameters(tmp_path: Path) -> None:
    spec = parse_spec(make_order(params={"n_jobs": 2, "depth": 3}), tmp_path)
    assert (spec.n_jobs, spec.params) == (2, {"depth": 3})
    assert parse_spec(make_order(), tmp_path).n_jobs == 1


def test_every_fault_of_an_order_is_told_at_once(tmp_path: Path) -> None:
    order = make_order(runId="", seed=-1, label=None, validation={"from": "2001-01-12"}, refit="yes")
    order["features"] = [{"name": "a"}, {"name": "a"}]
    with pytest.raises(SpecError) as caught:
        parse_spec(order, tmp_path)
    faults = str(caught.value)
    for path in ("runId", "seed", "label is missing", "validation.from", "refit", "named twice: a"):
        assert path in faults


@pytest.mark.parametrize(("text", "said"), [("{", "cannot be read"), ("[]", "list")])
def test_a_broken_run_json_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(SpecError, match=said):
        read_spec(tmp_path)


def test_an_absent_run_json_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="does not exist"):
        read_spec(tmp_path)


def test_the_nearest_names_are_offered() -> None:
    assert nearest_names("wekday", ["hour", "weekday"]) == "Did you mean 'weekday'?"
    assert nearest_names("zzz", ["b", "a"]) == "Known: a, b."
