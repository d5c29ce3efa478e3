"""The server of orders: isolation, cancellation, and no orphans."""

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import SOURCE, make_order, make_snapshot

TRAIN = """
from lightgbm import LGBMClassifier
import builtins

def train(run):
    print("fitting", run.trial)
    builtins.seen = getattr(builtins, "seen", 0) + 1
    run.log_metric("seen", builtins.seen)
    fit, _ = run.split()
    model = LGBMClassifier(n_estimators=5, deterministic=True, force_row_wise=True, verbose=-1)
    run.log_model(model.fit(fit[run.features], fit[run.label]))
"""
WAIT = """
import time
def train(run):
    run.log_param("waiting", True)
    time.sleep(600)
"""
DIE = """
import os
def train(run):
    os.kill(os.getpid(), 9)
"""


class Served:
    """A server of orders with its pipes, and folders for its trials."""

    def __init__(self, path: Path) -> None:
        self.path = path
        make_snapshot().to_parquet(path / "snapshot.parquet")
        read, write = os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "roofshot_trainer", "--serve"],
            env={**os.environ, "PYTHONPATH": str(SOURCE), "ROOFSHOT_REPORT_FD": str(write)},
            pass_fds=[write],
            stdin=subprocess.PIPE,
            text=True,
        )
        os.close(write)
        self.reports = os.fdopen(read)
        self.heard: list[dict[str, Any]] = []

    def order(self, trial: str, code: str, **changes: Any) -> Path:
        folder = self.path / trial
        folder.mkdir()
        order = make_order(trialId=trial, snapshot={"path": str(self.path / "snapshot.parquet")}, **changes)
        (folder / "run.json").write_text(json.dumps(order))
        (folder / "job.py").write_text(code)
        self.send({"type": "run", "trial": trial, "file": str(folder / "job.py"), "folder": str(folder)})
        return folder

    def send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def wait_for(self, trial: str | None, kind: str) -> dict[str, Any]:
        """The next message or report of the kind, of one trial or of any."""
        for line in self.reports:
            message = json.loads(line)
            self.heard.append(message)
            told = message.get("report", message)
            if trial in {None, message.get("trial")} and told["type"] == kind:
                found: dict[str, Any] = told
                return found
        raise AssertionError(f"no {kind} of {trial} before the end of the reports")

    def told_by(self, trial: str) -> list[dict[str, Any]]:
        return [m["report"] for m in self.heard if m["type"] == "report" and m["trial"] == trial]

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.reports.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    server = Served(tmp_path)
    yield server
    server.close()


def test_trials_share_the_libraries_and_nothing_else(served: Served) -> None:
    first, second = served.order("a", TRAIN), served.order("b", TRAIN)
    assert [served.wait_for(None, "ended")["code"] for _ in "ab"] == [0, 0]
    seen = [report["value"] for t in "ab" for report in served.told_by(t) if report["type"] == "metric"]
    assert seen == [1, 1]
    hashes = {report["sha256"] for t in "ab" for report in served.told_by(t) if report["type"] == "model"}
    assert len(hashes) == 1
    assert served.told_by("a")[-1] == {"type": "finished"}
    assert (first / "log.txt").read_text() == "fitting a\n"
    assert (second / "log.txt").read_text() == "fitting b\n"


def test_a_trial_may_use_more_threads_than_the_server(served: Served) -> None:
    code = """
from threadpoolctl import threadpool_info
def train(run):
    import sklearn.linear_model, lightgbm
    run.log_metric("threads", min(pool["num_threads"] for pool in threadpool_info()))
"""
    served.order("a", code, params={"n_jobs": 2})
    assert served.wait_for("a", "metric")["value"] == 2


def test_what_kills_one_trial_leaves_the_others_alone(served: Served) -> None:
    served.order("long", WAIT)
    served.wait_for("long", "param")
    served.order("short", DIE)
    assert served.wait_for("short", "ended")["code"] == -9
    served.order("next", TRAIN)
    assert served.wait_for("next", "ended")["code"] == 0
    served.send({"type": "cancel", "trial": "long"})
    assert served.wait_for("long", "failed")["kind"] == "cancelled"
    assert served.wait_for("long", "ended")["code"] == 143


def test_a_trial_that_ends_takes_along_what_it_started(served: Served) -> None:
    code = """
import multiprocessing, os, time
def train(run):
    child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(600,))
    child.start()
    run.log_metric("pid", child.pid)
    os._exit(3)
"""
    served.order("a", code)
    pid = int(served.wait_for("a", "metric")["value"])
    assert served.wait_for("a", "ended")["code"] == 3
    wait_until_gone(pid)


@pytest.mark.parametrize("how", ["input ends", "killed"])
def test_no_trial_outlives_the_server(served: Served, how: str) -> None:
    served.order("a", WAIT)
    pid = served.wait_for("a", "started")["pid"]
    served.wait_for("a", "param")
    if how == "killed":
        served.process.kill()
    else:
        assert served.process.stdin is not None
        served.process.stdin.close()
    served.process.wait(timeout=30)
    assert served.process.returncode == (-9 if how == "killed" else 129)
    wait_until_gone(pid)


def wait_until_gone(pid: int) -> None:
    """Returns when the process has ended; whoever adopted it may not have buried it yet."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ready = select.select([handle], [], [], 30)[0]
    os.close(handle)
    assert ready, f"the process {pid} still runs"
