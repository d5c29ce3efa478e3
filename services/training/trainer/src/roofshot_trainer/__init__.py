"""Runs one plain Python training file on a snapshot: see README.md beside the package.

Nothing heavy is imported here: the process must beat and hear a cancellation before pandas has loaded.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from roofshot_trainer.run import Run

__all__ = ["Run"]


def __getattr__(name: str) -> Any:
    if name == "Run":
        from roofshot_trainer.run import Run

        return Run
    raise AttributeError(f"module 'roofshot_trainer' has no attribute {name!r}")
