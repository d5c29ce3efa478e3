"""Fixtures: a run folder with a small snapshot, and the trainer as the dispatcher starts it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import roofshot_trainer  # noqa: F401  -- sets what ONNX Runtime must find before a test imports it

SOURCE = Path(__file__).resolve().parents[1] / "src"
Reports = list[dict[str, Any]]


def make_snapshot(rows: int = 600) -> pd.DataFrame:
    """Two weeks of observations; `hour` and `delays` say something about `late`, `noise` does not."""
    random = np.random.default_rng(7)
    hour = random.integers(5, 24, rows)
    delays = np.where(random.random(rows) < 0.1, np.nan, random.normal(10, 20, rows))
    score = (hour - 14) / 6 + np.nan_to_num(delays) / 20 + random.normal(0, 0.5, rows)
    return pd.DataFrame(
        {
            "flight": [f"f{i}" for i in range(rows)],
            "departed": pd.date_range("2001-01-01", periods=rows, freq="30min", tz="UTC"),
            "hour": hour,
            "delays": delays,
            "noise": random.normal(size=rows),
            "late": score > 0.5,
        }
    )


def make_order(**changes: Any) -> dict[str, Any]:
    order = {
        "runId": "run-1",
        "trialId": "run-1.3",
        "job": "late",
        "model": "late",
        "params": {},
        "seed": 7,
        "snapshot": {"path": "snapshot.parquet", "hash": None},
        "features": [{"name": name, "dtype": "float"} for name in ("hour", "delays", "noise")],
        "label": "late",
        "eventTimeColumn": "departed",
        "validation": {"from": "2001-01-10T00:00:00.000Z"},
        "refit": False,
        "deadline": "2099-01-01T00:00:00Z",
    }
    return {**order, **changes}


class RunFolder:
    """A run directory with a training file, and the process that a dispatcher would start on it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = path / "job.py"
        self.processes: list[subprocess.Popen[str]] = []
        self.order()
        self.snapshot(make_snapshot())

    def order(self, **changes: Any) -> None:
        (self.path / "run.json").write_text(json.dumps(make_order(**changes)))

    def snapshot(self, frame: pd.DataFrame) -> None:
        frame.to_parquet(self.path / "snapshot.parquet")

    def code(self, text: str) -> None:
        self.file.write_text(text)

    def start(self, **environment: str) -> tuple[subprocess.Popen[str], int]:
        """The process with pipes as the dispatcher gives them, and the reading end of its reports."""
        read, write = os.pipe()
        process = subprocess.Popen(
            [sys.executable, "-m", "roofshot_trainer", str(self.file), "--run-dir", str(self.path)],
            env={**os.environ, "PYTHONPATH": str(SOURCE), "ROOFSHOT_REPORT_FD": str(write), **environment},
            pass_fds=[write],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        os.close(write)
        self.processes.append(process)
        return process, read

    def run(self, **environment: str) -> tuple[int, Reports]:
        """Runs to the end: (exit code, reports)."""
        process, read = self.start(**environment)
        with os.fdopen(read) as reports:
            messages = [json.loads(line) for line in reports]
        process.wait(timeout=60)
        return process.returncode, messages

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[RunFolder]:
    made = RunFolder(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def failure(folder: RunFolder) -> Callable[[], tuple[int, dict[str, Any]]]:
    """Runs the folder's file and gives its exit code and last report, which must be `failed`."""

    def run() -> tuple[int, dict[str, Any]]:
        code, messages = folder.run()
        assert messages[-1]["type"] == "failed"
        return code, messages[-1]

    return run
