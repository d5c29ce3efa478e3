"""Loads the user's training file and explains its failures."""

import importlib.util
import inspect
import re
import sys
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from roofshot_trainer.errors import SpecError, nearest_names

_TRACEBACK_CHARACTERS = 20_000
"""Enough for the deepest useful trace; a report line stays far below what a log entry may hold."""


def load_train(path: Path) -> Callable[[Any], object]:
    """The file's `train(run)`. Raises SpecError, or whatever the file itself raises when imported."""
    if not path.is_file():
        raise SpecError(f"The training file {path} does not exist.", "Check the job's entry point.")
    module = _import_file(path)
    train = getattr(module, "train", None)
    if not callable(train):
        defined = [name for name, value in vars(module).items() if inspect.isfunction(value)]
        raise SpecError(
            f"{path.name} has no function train(run).",
            f"Define it: the trainer calls it with the run. {nearest_names('train', defined)}",
        )
    try:
        inspect.signature(train).bind(object())
    except TypeError as error:
        raise SpecError(
            f"train in {path.name} cannot be called with one argument: {error}.",
            "Define it as train(run).",
        ) from error
    return train  # type: ignore[no-any-return]


def _import_file(path: Path) -> ModuleType:
    sys.path.insert(0, str(path.parent.resolve()))  # the file may import its neighbours
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise SpecError(f"{path} is not a Python file.", "Give the entry point a name in .py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def format_trace(error: BaseException, path: Path) -> str:
    """The traceback from the user's own file on; the whole one when the file is not in it."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [i for i, frame in enumerate(frames) if Path(frame.filename) == path]
    lines = traceback.format_list(frames[own[0] :] if own else frames)
    text = "".join([*lines, *traceback.format_exception_only(type(error), error)])
    return text[-_TRACEBACK_CHARACTERS:]


def suggest_remedy(error: BaseException, columns: Iterable[str]) -> str:
    """What the user may do about an exception of their own code."""
    message = str(error)
    if isinstance(error, KeyError):
        names = re.findall(r"'([^']+)'", message)
        return " ".join(f"{name}: {nearest_names(name, columns)}" for name in names)
    if isinstance(error, ModuleNotFoundError):
        return f"Add {error.name} to the training environment, or do without it."
    if isinstance(error, MemoryError):
        return "Train on fewer rows or columns, or raise the job's memory."
    if isinstance(error, TypeError) and "unexpected keyword argument" in message:
        return "The job's params do not fit the model: correct the name in the job or its search."
    if "NaN" in message:
        return "The snapshot has empty values: impute them in the pipeline, or use LightGBM."
    return "Correct the training file; run it by hand with the same --run-dir to see it again."
