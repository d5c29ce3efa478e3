"""The example's trainers, started as the platform starts them, on a small made-up week."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

HERE = Path(__file__).resolve().parent
STREAM = "inbound_late_share_1h"


def week(rows: int = 4_000) -> pd.DataFrame:
    """Late flights follow the lateness of what landed before, and the hour a little."""
    random = np.random.default_rng(7)
    hour, inbound = random.integers(5, 24, rows), random.random(rows)
    chance = np.clip(0.01 * (hour - 5) + 0.7 * inbound, 0, 1)
    return pd.DataFrame(
        {
            "departed": pd.date_range("2001-01-01", periods=rows, freq="2min", tz="UTC"),
            "late": random.random(rows) < chance,
            "hour": hour,
            "weekday": random.integers(1, 8, rows),
            "distance": random.integers(90, 2_704, rows),
            STREAM: np.where(random.random(rows) < 0.2, np.nan, inbound),
        }
    )


def run_trainer(name: str, folder: Path, **changes: Any) -> dict[str, Any]:
    """Reports by type; a metric by its name."""
    week().to_parquet(folder / "snapshot.parquet")
    order = {
        "runId": "r1",
        "seed": 7,
        "params": {},
        "snapshot": {"path": "snapshot.parquet"},
        "features": [{"name": n, "dtype": "float"} for n in (STREAM, "hour", "weekday", "distance")],
        "label": "late",
        "eventTimeColumn": "departed",
        "validation": {"from": "2001-01-05T00:00:00Z"},
        **changes,
    }
    (folder / "run.json").write_text(json.dumps(order))
    command = [sys.executable, "-m", "roofshot_trainer", str(HERE / name), "--run-dir", str(folder)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, check=True)
    reports = [json.loads(line) for line in (folder / "report.jsonl").read_text().splitlines()]
    return {report.get("name", report["type"]): report for report in reports}


def test_the_timetable_model_serves_its_three_columns(tmp_path: Path) -> None:
    reports = run_trainer("logistic_static.py", tmp_path)
    inputs = [column["name"] for column in reports["model"]["signature"]["inputs"]]
    assert inputs == ["hour", "weekday", "distance"]
    assert reports["model"]["maxDifference"] < 1e-5
    assert {"auc", "log_loss", "brier", "cost"} <= reports.keys()


def test_the_stream_model_reads_empty_values_and_beats_the_timetable(tmp_path: Path) -> None:
    params = {"n_estimators": 50, "num_leaves": 7, "learning_rate": 0.1}
    stream = run_trainer("lightgbm_all.py", tmp_path, params=params)
    timetable = run_trainer("logistic_static.py", tmp_path)
    assert len(stream["model"]["signature"]["inputs"]) == 4
    assert stream["model"]["maxDifference"] < 1e-5
    assert stream["auc"]["value"] > timetable["auc"]["value"] + 0.05


@pytest.mark.parametrize("name", ["logistic_static.py", "lightgbm_all.py"])
def test_a_refit_has_no_metrics_and_still_gives_a_model(tmp_path: Path, name: str) -> None:
    reports = run_trainer(name, tmp_path, refit=True)
    assert "model" in reports
    assert "auc" not in reports
