"""The process as the dispatcher sees it: reports, exit codes, cancellation, orphans."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnxruntime
import pytest

from conftest import SOURCE, RunFolder, make_snapshot

Failure = Callable[[], tuple[int, dict[str, Any]]]

TRAIN = """
from lightgbm import LGBMClassifier
from roofshot_trainer.metrics import auc

def train(run):
    print("fitting", run.id, run.trial)
    fit, valid = run.split()
    stable = {"deterministic": True, "force_row_wise": True, "verbose": -1}
    model = LGBMClassifier(**run.params, **stable, seed=run.seed).fit(fit[run.features], fit[run.label])
    run.log_param("rows", len(fit))
    run.log_metric("auc", auc(valid[run.label], model.predict_proba(valid[run.features])[:, 1]), step=1)
    run.log_model(model)
"""

# Holds the main thread in C code, where Python handles no signal, and says when it goes there.
STUCK = """
import hashlib
def train(run):
    run.log_param("stuck", True)
    hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)
"""


def wait_for(reports: Any, kind: str) -> dict[str, Any]:
    for line in reports:
        message: dict[str, Any] = json.loads(line)
        if message["type"] == kind:
            return message
    raise AssertionError(f"no {kind} before the end of the reports")


def test_a_run_reports_its_numbers_and_a_model_that_answers(folder: RunFolder) -> None:
    folder.code(TRAIN)
    folder.order(params={"n_estimators": 20})
    process, read = folder.start()
    with os.fdopen(read) as reports:
        messages = [json.loads(line) for line in reports]
    out = process.communicate()[0]
    assert process.returncode == 0
    assert out == "fitting run-1 run-1.3\n"  # standard output stays the user's log
    by_type = {message["type"]: message for message in messages}
    kinds = [m["type"] for m in messages if m["type"] != "heartbeat"]
    assert kinds == ["param", "metric", "model", "finished"]
    assert by_type["heartbeat"]["time"].endswith("Z")
    assert by_type["param"] == {"type": "param", "name": "rows", "value": 432}
    assert (by_type["metric"]["name"], by_type["metric"]["step"]) == ("auc", 1)
    assert 0.5 < by_type["metric"]["value"] <= 1
    inputs = [{"name": name, "dtype": "float"} for name in ("hour", "delays", "noise")]
    assert by_type["model"]["signature"] == {"inputs": inputs, "output": "probabilities"}
    assert by_type["model"]["maxDifference"] < 1e-6
    rows = make_snapshot()[["hour", "delays", "noise"]].to_numpy("float32")
    answer = onnxruntime.InferenceSession(by_type["model"]["path"]).run(None, {"features": rows})[0]
    assert answer.shape == (600, 2)


def test_the_same_order_gives_the_same_model(folder: RunFolder) -> None:
    folder.code(TRAIN)
    folder.order(params={"n_estimators": 20, "subsample": 0.5, "subsample_freq": 1})
    hashes = set()
    for order_of_sets in ("0", "1", "2", "3"):  # equal runs differ in nothing but this and the time
        _, messages = folder.run(PYTHONHASHSEED=order_of_sets)
        hashes.update(message["sha256"] for message in messages if message["type"] == "model")
    assert len(hashes) == 1


def test_run_by_hand_it_reports_in_a_file_and_on_the_terminal(folder: RunFolder) -> None:
    folder.code(TRAIN)
    done = subprocess.run(
        [sys.executable, "-m", "roofshot_trainer", str(folder.file), "--run-dir", str(folder.path)],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    kinds = [json.loads(line)["type"] for line in (folder.path / "report.jsonl").read_text().splitlines()]
    assert kinds[-1] == "finished"
    assert '"type":"metric"' in done.stdout


def test_it_leaves_at_once_when_its_dispatcher_dies(folder: RunFolder) -> None:
    folder.code(STUCK)
    process, read = folder.start()
    with os.fdopen(read) as reports:
        wait_for(reports, "param")
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=10) == 129
        assert "failed" not in reports.read()  # there is nobody to tell


def test_it_leaves_when_nobody_reads_its_reports(folder: RunFolder) -> None:
    folder.code(STUCK)
    process, read = folder.start()
    os.close(read)
    assert process.wait(timeout=10) == 129


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_cancellation_is_reported_even_while_c_code_runs(
    folder: RunFolder, number: signal.Signals, code: int
) -> None:
    folder.code(STUCK)
    process, read = folder.start()
    with os.fdopen(read) as reports:
        wait_for(reports, "param")
        process.send_signal(number)
        last = wait_for(reports, "failed")
    assert process.wait(timeout=10) == code
    assert (last["kind"], last["error"]) == ("cancelled", f"Cancelled by {number.name}.")


def test_heartbeats_go_on_while_c_code_runs(folder: RunFolder) -> None:
    folder.code(STUCK)
    _, read = folder.start()
    with os.fdopen(read) as reports:
        wait_for(reports, "param")
        first, second = wait_for(reports, "heartbeat"), wait_for(reports, "heartbeat")
    assert first["time"] < second["time"]


def test_a_run_ends_at_its_deadline(folder: RunFolder, failure: Failure) -> None:
    folder.code(STUCK)
    folder.order(deadline="2001-01-01T00:00:00Z")
    code, last = failure()
    assert (code, last["kind"]) == (124, "deadline")


def test_a_child_of_the_training_file_does_not_hold_the_reports_open(folder: RunFolder) -> None:
    folder.code(
        "import subprocess, sys\n"
        "def train(run):\n"
        "    command = [sys.executable, '-c', 'input()']\n"
        "    child = subprocess.Popen(command, stdin=subprocess.PIPE, close_fds=False)\n"
        "    run.log_param('child', child.pid)\n"
        "    import os; os._exit(7)\n"
    )
    code, messages = folder.run()  # would wait for the child if that held the pipe
    assert code == 7
    assert messages[-1]["name"] == "child"


def test_an_exception_comes_with_its_place_in_the_users_file(folder: RunFolder, failure: Failure) -> None:
    folder.code("def train(run):\n    fit, _ = run.split()\n    fit['weekdy'].mean()\n")
    folder.snapshot(make_snapshot().rename(columns={"hour": "weekday"}))
    folder.order(features=[{"name": "weekday"}])
    code, last = failure()
    assert (code, last["kind"], last["error"]) == (1, "code", "KeyError: 'weekdy'")
    assert last["traceback"].startswith(f'  File "{folder.file}", line 3, in train')
    assert last["hint"] == "weekdy: Did you mean 'weekday'?"


@pytest.mark.parametrize(
    ("code", "kind", "said", "hint"),
    [
        ("def fit(run): ...", "spec", "has no function train(run)", "fit"),
        ("def train(): ...", "spec", "cannot be called with one argument", "train(run)"),
        ("def train(run)", "code", "SyntaxError", "Correct the training file"),
        ("import nothere", "code", "No module named 'nothere'", "Add nothere to"),
        ("def train(run): raise SystemExit(3)", "code", "SystemExit: 3", "Correct"),
        ("def train(run): run.split()", "model", "returned without a model", "run.log_model"),
        (
            "def train(run): run.log_metric('loss', float('nan'), 4)",
            "metric",
            "is nan at step 4",
            "zero",
        ),
        ("def train(run): run.log_param('x', object())", "metric", "cannot be recorded", "text"),
        ("def train(run): run.log_model(1, features=['hours'])", "model", "run.features", "'hour'"),
        ("def train(run): dict.get(colour=1)", "code", "TypeError", ""),
        ("def f(a): ...\ndef train(run): f(**{'alpha': 1})", "code", "'alpha'", "params do not fit"),
    ],
)
def test_a_faulty_training_file_is_explained(
    folder: RunFolder, failure: Failure, code: str, kind: str, said: str, hint: str
) -> None:
    folder.code(code)
    exit_code, last = failure()
    assert last["kind"] == kind
    assert said in last["error"]
    assert hint in last["hint"]
    assert exit_code == {"code": 1, "spec": 2, "model": 4, "metric": 5}[kind]


def test_a_faulty_order_or_snapshot_ends_with_its_own_code(folder: RunFolder, failure: Failure) -> None:
    folder.code(TRAIN)
    folder.order(seed="seven")
    assert failure()[0] == 2
    folder.order(label="lat")
    code, last = failure()
    assert code == 3
    assert "Did you mean 'late'?" in last["hint"]


def test_a_report_descriptor_that_is_not_open_is_named(folder: RunFolder, tmp_path: Path) -> None:
    folder.code(TRAIN)
    done = subprocess.run(
        [sys.executable, "-m", "roofshot_trainer", str(folder.file), "--run-dir", str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(SOURCE), "ROOFSHOT_REPORT_FD": "77"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "ROOFSHOT_REPORT_FD=77 is not an open file descriptor" in done.stderr
