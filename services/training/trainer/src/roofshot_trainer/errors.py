"""What can go wrong, and the exit code that each kind ends the process with."""

import difflib
from collections.abc import Iterable
from typing import ClassVar

EXIT_FINISHED = 0
EXIT_CODE_FAILED = 1
EXIT_DEADLINE = 124
EXIT_PARENT_GONE = 129


class TrainerError(Exception):
    """A fault that the trainer can explain. `hint` says what to do about it."""

    kind: ClassVar[str]
    exit_code: ClassVar[int]

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class SpecError(TrainerError):
    """The order is faulty: arguments, run.json or the training file itself."""

    kind = "spec"
    exit_code = 2


class SnapshotError(TrainerError):
    """The data cannot be trained on."""

    kind = "snapshot"
    exit_code = 3


class ModelError(TrainerError):
    """The model cannot be served."""

    kind = "model"
    exit_code = 4


class MetricError(TrainerError):
    """A metric has no value."""

    kind = "metric"
    exit_code = 5


def nearest_names(name: str, known: Iterable[str]) -> str:
    """A sentence with the known names most like `name`, or with all of them when none is."""
    names = sorted(set(known))
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    if close:
        return f"Did you mean {' or '.join(repr(n) for n in close)}?"
    shown = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")  # noqa: PLR2004
    return f"Known: {shown}." if names else "There are none."
