"""Runs one plain Python training file on a snapshot: see README.md beside the package.

Nothing heavy is imported here: the process must beat and hear a cancellation before pandas has loaded.
"""

import os
from typing import TYPE_CHECKING, Any

# ONNX Runtime reports what it runs to its maker unless this is set before it is imported;
# its own disable_telemetry_events() comes too late: files have been made and a first event sent by then.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

if TYPE_CHECKING:
    from roofshot_trainer.run import Run

__all__ = ["Run"]


def __getattr__(name: str) -> Any:
    if name == "Run":
        from roofshot_trainer.run import Run

        return Run
    raise AttributeError(f"module 'roofshot_trainer' has no attribute {name!r}")
