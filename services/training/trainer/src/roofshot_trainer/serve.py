"""`python -m roofshot_trainer --serve`: many orders, each in a process forked from this one.

The heavy libraries are loaded once, which is most of a short trial's time; a fork gives each trial a memory
of its own, so that nothing of one trial reaches the next, and what kills one trial kills nothing else.
"""

import gc
import importlib
import importlib.util
import json
import os
import selectors
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from roofshot_trainer.errors import EXIT_PARENT_GONE
from roofshot_trainer.reporter import REPORT_FD

GRACE_SECONDS = 5.0
"""A cancelled trial has this long to report before it is killed."""
LOG = "log.txt"

_NEEDED = ("roofshot_trainer.run", "roofshot_trainer.snapshot", "roofshot_trainer.onnx_model")
_USUAL = (
    "sklearn.compose",
    "sklearn.linear_model",
    "sklearn.metrics",
    "sklearn.pipeline",
    "sklearn.preprocessing",
    "lightgbm",
    "onnxmltools.convert.lightgbm.operator_converters.LightGbm",
)
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""A fork copies one thread only, so libraries must not start others here; a trial sets its own number."""


@dataclass
class _Trial:
    key: str
    pid: int
    reports: int
    lifeline: int
    ended: int
    rest: bytes = b""
    kill_at: float | None = None


@dataclass
class _Orders:
    """Complete lines of standard input."""

    rest: bytes = b""

    def take(self, content: bytes) -> list[dict[str, Any]]:
        *lines, self.rest = (self.rest + content).split(b"\n")
        return [json.loads(line) for line in lines if line]


@dataclass
class Server:
    """Promises: `started` and `ended` are told for each order; every whole line that a trial reports is
    passed on before its `ended`; when standard input ends, all trials end and so does this process."""

    report_fd: int
    run_trial: Callable[[str, str], int]
    _trials: dict[str, _Trial] = field(default_factory=dict)
    _orders: _Orders = field(default_factory=_Orders)
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def serve(self) -> int:
        """Returns when standard input has ended."""
        self._selector.register(0, selectors.EVENT_READ, self._read_orders)
        self._tell({"type": "ready"})
        while True:
            for key, _ in self._selector.select(self._patience()):
                if key.data() is False:
                    return EXIT_PARENT_GONE
            self._kill_overdue()

    def _read_orders(self) -> bool:
        content = os.read(0, 65_536)
        for order in self._orders.take(content):
            if order["type"] == "run":
                self._start(order)
            elif order["type"] == "cancel" and order["trial"] in self._trials:
                self._cancel(self._trials[order["trial"]])
        return bool(content)

    def _start(self, order: dict[str, Any]) -> None:
        reports_read, reports_write = os.pipe()
        lifeline_read, lifeline_write = os.pipe()
        pid = os.fork()
        if pid == 0:
            self._become_trial(order, (reports_write, lifeline_read), (reports_read, lifeline_write))
        os.close(reports_write)
        os.close(lifeline_read)
        with suppress(ProcessLookupError, PermissionError):  # the child does the same; whoever is first
            os.setpgid(pid, pid)
        os.set_blocking(reports_read, False)
        trial = _Trial(order["trial"], pid, reports_read, lifeline_write, os.pidfd_open(pid))
        self._trials[trial.key] = trial
        self._selector.register(trial.reports, selectors.EVENT_READ, lambda: self._pass_on(trial))
        self._selector.register(trial.ended, selectors.EVENT_READ, lambda: self._finish(trial))
        self._tell({"type": "started", "trial": trial.key, "pid": pid})

    def _become_trial(self, order: dict[str, Any], own: tuple[int, int], others: tuple[int, int]) -> None:
        """Never returns. Pipes of other trials are closed: held open here, they would keep those alive."""
        try:
            os.setpgid(0, 0)
            reports, lifeline = own
            held = [fd for t in self._trials.values() for fd in (t.reports, t.lifeline, t.ended)]
            self._selector.close()
            for fd in (*others, *held, self.report_fd):
                os.close(fd)
            folder = order["folder"]
            log = os.open(Path(folder) / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            for source, target in ((lifeline, 0), (log, 1), (log, 2)):
                os.dup2(source, target)
                os.close(source) if source == lifeline else None
            os.close(log)
            os.chdir(folder)
            os.environ[REPORT_FD] = str(reports)
            code = self.run_trial(order["file"], folder)
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        except BaseException:  # noqa: BLE001 -- whatever it is, the server's own loop must not run on in here
            sys.excepthook(*sys.exc_info())
            sys.stderr.flush()
            os._exit(70)

    def _pass_on(self, trial: _Trial) -> bool:
        """Whole lines only; the torn last line of a killed trial is dropped."""
        if self._trials.get(trial.key) is not trial:
            return True  # its end was seen in the same look
        while True:
            try:
                content = os.read(trial.reports, 65_536)
            except BlockingIOError:
                return True
            if not content:
                self._selector.unregister(trial.reports)
                return True
            *lines, trial.rest = (trial.rest + content).split(b"\n")
            head = f'{{"type":"report","trial":{json.dumps(trial.key)},"report":'.encode()
            self._write(b"".join(head + line + b"}\n" for line in lines))

    def _finish(self, trial: _Trial) -> bool:
        if trial.reports in self._selector.get_map():
            self._pass_on(trial)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(trial.pid, signal.SIGKILL)  # what the training file started and left behind
        _, status = os.waitpid(trial.pid, 0)  # not before: its number is then anybody's
        for fd in (trial.reports, trial.ended):
            if fd in self._selector.get_map():
                self._selector.unregister(fd)
        for fd in (trial.reports, trial.ended, trial.lifeline):
            os.close(fd)
        del self._trials[trial.key]
        code = os.waitstatus_to_exitcode(status)
        self._tell({"type": "ended", "trial": trial.key, "code": code})
        return True

    def _cancel(self, trial: _Trial) -> None:
        if trial.kill_at is None:
            trial.kill_at = time.monotonic() + GRACE_SECONDS
            os.kill(trial.pid, signal.SIGTERM)

    def _kill_overdue(self) -> None:
        for trial in self._trials.values():
            if trial.kill_at is not None and time.monotonic() >= trial.kill_at:
                with suppress(ProcessLookupError):
                    os.killpg(trial.pid, signal.SIGKILL)

    def _patience(self) -> float | None:
        deadlines = [trial.kill_at for trial in self._trials.values() if trial.kill_at is not None]
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def _tell(self, message: dict[str, Any]) -> None:
        self._write(json.dumps(message, separators=(",", ":")).encode() + b"\n")

    def _write(self, content: bytes) -> None:
        rest = memoryview(content)
        try:
            while rest:
                rest = rest[os.write(self.report_fd, rest) :]
        except BrokenPipeError:
            os._exit(EXIT_PARENT_GONE)


def preload() -> None:
    """Loads what nearly every trial needs. What a trial may do without may be absent."""
    for name in _ONE_THREAD:
        os.environ[name] = "1"
    for module in _NEEDED:
        importlib.import_module(module)
    for module in _USUAL:
        if importlib.util.find_spec(module.partition(".")[0]):
            importlib.import_module(module)
    gc.freeze()  # a collection in a trial would otherwise copy every page
