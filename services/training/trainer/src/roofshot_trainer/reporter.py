"""Sends reports to the dispatcher: one JSON object a line, whole lines only."""

import json
import os
import select
import sys
import threading
from pathlib import Path
from typing import Any

from roofshot_trainer.errors import EXIT_PARENT_GONE, SpecError

REPORT_FD = "ROOFSHOT_REPORT_FD"


class Reporter:
    """Promises: lines are never torn or mixed between threads; `send` returns once the system has the line;
    when the dispatcher has closed its end the process leaves, for nobody would hear the result."""

    def __init__(self, fd: int, echo: bool = False) -> None:
        os.set_inheritable(fd, False)  # a child of the user's code must not keep the pipe open
        os.set_blocking(fd, True)
        self._fd = fd
        self._echo = echo
        self._lock = threading.Lock()

    def send(self, message: dict[str, Any]) -> None:
        """Writes one report; waits while the dispatcher is slow."""
        with self._lock:
            self._write(message)

    def try_send(self, message: dict[str, Any], timeout: float) -> bool:
        """Writes one report unless that would make the caller wait longer than `timeout` seconds."""
        if not self._lock.acquire(timeout=timeout):
            return False
        try:
            if not select.select([], [self._fd], [], timeout)[1]:
                return False
            self._write(message)
            return True
        finally:
            self._lock.release()

    def _write(self, message: dict[str, Any]) -> None:
        line = json.dumps(message, allow_nan=False, separators=(",", ":")) + "\n"
        rest = memoryview(line.encode())
        try:
            while rest:
                rest = rest[os.write(self._fd, rest) :]
        except (BrokenPipeError, ConnectionResetError):
            os._exit(EXIT_PARENT_GONE)
        if self._echo and message["type"] != "heartbeat":
            sys.stdout.write(line)


def open_reporter(run_dir: Path) -> Reporter:
    """On the descriptor that the dispatcher names, else in `run_dir`/report.jsonl and on the terminal."""
    named = os.environ.get(REPORT_FD)
    if named is None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
        return Reporter(os.open(run_dir / "report.jsonl", flags, 0o644), echo=True)
    try:
        fd = int(named)
        os.fstat(fd)
    except (ValueError, OSError) as error:
        raise SpecError(
            f"{REPORT_FD}={named} is not an open file descriptor: {error}.",
            f"Pass the number of an open descriptor, or unset {REPORT_FD}.",
        ) from error
    return Reporter(fd)
