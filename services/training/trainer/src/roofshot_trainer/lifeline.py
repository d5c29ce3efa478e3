"""Keeps the process tied to its dispatcher: heartbeats, cancellation, deadline, and no orphans."""

import os
import selectors
import signal
import stat
import threading
import time
from datetime import datetime, timezone
from types import FrameType

from roofshot_trainer.errors import EXIT_DEADLINE, EXIT_PARENT_GONE
from roofshot_trainer.reporter import Reporter

BEAT_SECONDS = 1.0
# Bytes on the wake-up descriptor that are no signal's number.
_STOP = b"\x00"
_LOOK = b"\xff"


def take_over_stdin() -> int | None:
    """The parent's pipe, moved away from descriptor 0 so that the user's code cannot read it.

    None when standard input is a terminal, a file or /dev/null: then nobody promised to hold it open.
    """
    try:
        mode = os.fstat(0).st_mode
    except OSError:
        return None
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        return None
    pipe = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    return pipe


def _ignore(_signal: int, _frame: FrameType | None) -> None:
    """Signals reach the thread through the wake-up descriptor: a Python handler runs only between
    two instructions of the main thread, which may sit in C code for minutes."""


class Lifeline:
    """One thread. Promises, while it runs: a heartbeat each second as long as the dispatcher reads;
    end of file on `stdin` ends the process at once (129); SIGTERM and SIGINT report a cancellation and
    end it (143, 130); the deadline reports a failure and ends it (124)."""

    def __init__(self, reporter: Reporter, stdin: int | None) -> None:
        self._reporter = reporter
        self._stdin = stdin
        self._deadline: datetime | None = None
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)
        self._thread = threading.Thread(target=self._watch, name="lifeline", daemon=True)

    def start(self) -> None:
        signal.set_wakeup_fd(self._wake_write)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _ignore)
        self._thread.start()

    def set_deadline(self, deadline: datetime | None) -> None:
        self._deadline = deadline
        os.write(self._wake_write, _LOOK)

    def stop(self) -> None:
        """From here on the result is decided: nothing is reported any more, and signals kill again."""
        os.write(self._wake_write, _STOP)
        self._thread.join()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)

    def _watch(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake_read, selectors.EVENT_READ, self._heard_wake)
            if self._stdin is not None:
                selector.register(self._stdin, selectors.EVENT_READ, self._heard_parent)
            next_beat = 0.0
            while True:
                if time.monotonic() >= next_beat:
                    self._beat()
                    next_beat = time.monotonic() + BEAT_SECONDS
                self._check_deadline()
                for key, _ in selector.select(self._patience(next_beat)):
                    if not key.data():
                        return

    def _patience(self, next_beat: float) -> float:
        seconds = next_beat - time.monotonic()
        if self._deadline is not None:
            seconds = min(seconds, (self._deadline - datetime.now(timezone.utc)).total_seconds())
        return max(0.0, seconds)

    def _beat(self) -> None:
        # Never waits: a dispatcher that does not read must still be able to cancel.
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        self._reporter.try_send({"type": "heartbeat", "time": now.replace("+00:00", "Z")}, 0)

    def _heard_parent(self) -> bool:
        assert self._stdin is not None
        try:
            alive = bool(os.read(self._stdin, 4096))
        except ConnectionResetError:
            alive = False
        if not alive:
            os._exit(EXIT_PARENT_GONE)
        return True

    def _heard_wake(self) -> bool:
        heard = os.read(self._wake_read, 64)
        for number in (signal.SIGTERM, signal.SIGINT):
            if number in heard:
                self._leave("cancelled", f"Cancelled by {number.name}.", 128 + number)
        return _STOP not in heard

    def _check_deadline(self) -> None:
        if self._deadline is not None and datetime.now(timezone.utc) >= self._deadline:
            self._leave("deadline", f"Not finished by {self._deadline.isoformat()}.", EXIT_DEADLINE)

    def _leave(self, kind: str, error: str, exit_code: int) -> None:
        hints = {
            "cancelled": "Nothing to do if you asked for it; start a new run otherwise.",
            "deadline": "Raise the job's time limit, or train on fewer rows, trees or steps.",
        }
        report = {
            "type": "failed",
            "kind": kind,
            "error": error,
            "traceback": "",
            "hint": hints[kind],
        }
        self._reporter.try_send(report, 1)
        os._exit(exit_code)
