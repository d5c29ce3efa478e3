"""Reads the snapshot: one Parquet file of observations, features and labels."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from roofshot_trainer.errors import SnapshotError, nearest_names
from roofshot_trainer.spec import RunSpec


def load_snapshot(spec: RunSpec) -> pd.DataFrame:
    """Features as float32 in the order of the spec, the label as 0 and 1, the event time in UTC.

    float32 because that is what serving sends: a model trained on finer numbers would learn
    thresholds that it can never meet. Empty values become NaN. Raises SnapshotError.
    """
    schema = _open(spec.snapshot_path, spec.snapshot_hash)
    _check_columns(schema, spec)
    names = [feature.name for feature in spec.features]
    columns = list(dict.fromkeys([*names, spec.label, spec.event_time]))
    table = pq.read_table(spec.snapshot_path, columns=columns, use_threads=False)
    if table.num_rows == 0:
        raise SnapshotError(
            f"The snapshot {spec.snapshot_path} has no rows.",
            "Widen the job's observation period, or wait until labels are known.",
        )
    data: dict[str, Any] = {name: _to_float32(table.column(name)) for name in names}
    data[spec.label] = _to_label(table.column(spec.label), spec.label)
    data[spec.event_time] = _to_time(table.column(spec.event_time), spec.event_time)
    return pd.DataFrame(data)


def split_frame(frame: pd.DataFrame, spec: RunSpec) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows before the start of the validation and rows from it on; all rows and none for a refit."""
    start = spec.validation_from
    if start is None or spec.refit:
        train, valid = frame, frame.iloc[:0]
    else:
        late = frame[spec.event_time] >= pd.Timestamp(start)
        train, valid = frame[~late].reset_index(drop=True), frame[late].reset_index(drop=True)
        _check_sides(frame[spec.event_time], start, (len(train), len(valid)))
    _check_classes(train[spec.label], spec.label)
    return train, valid


def _open(path: Path, expected: str | None) -> pa.Schema:
    if not path.is_file():
        raise SnapshotError(f"The snapshot {path} does not exist.", "Build the snapshot again.")
    _check_hash(path, expected)
    try:
        return pq.read_schema(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise SnapshotError(
            f"The snapshot {path} is not a Parquet file: {error}.", "Build the snapshot again."
        ) from error


def _check_hash(path: Path, expected: str | None) -> None:
    """A hash of the form `sha256/<hex>` is the file's own; any other form is the owner's business."""
    if expected is None or not expected.startswith("sha256/"):
        return
    with path.open("rb") as file:
        digest = hashlib.sha256()
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    if f"sha256/{digest.hexdigest()}" != expected:
        raise SnapshotError(
            f"The snapshot {path} is not the one that was ordered: its hash is "
            f"sha256/{digest.hexdigest()}, not {expected}.",
            "It was damaged or overwritten; fetch or build it again.",
        )


def _check_columns(schema: pa.Schema, spec: RunSpec) -> None:
    wanted = [*(feature.name for feature in spec.features), spec.label, spec.event_time]
    missing = [name for name in wanted if name not in schema.names]
    if missing:
        raise SnapshotError(
            f"The snapshot has no column {', '.join(repr(name) for name in missing)}.",
            " ".join(f"{name}: {nearest_names(name, schema.names)}" for name in missing),
        )
    texts = [feature.name for feature in spec.features if not _is_number(schema, feature.name)]
    if texts:
        raise SnapshotError(
            f"These features are not numbers: {', '.join(texts)}. A model's input is float32.",
            "Give a number in the feature service (a code, or an aggregate over the category).",
        )


def _is_number(schema: pa.Schema, name: str) -> bool:
    kind = schema.field(name).type
    # An all-empty column is written without a type.
    tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)
    return any(test(kind) for test in (*tests, pa.types.is_decimal, pa.types.is_null))


def _to_float32(column: pa.ChunkedArray) -> npt.NDArray[np.float32]:
    values = column.to_pandas().astype("float64").to_numpy()
    return np.asarray(values, dtype=np.float32)


def _to_label(column: pa.ChunkedArray, name: str) -> npt.NDArray[np.int64]:
    values = pd.to_numeric(column.to_pandas(), errors="coerce").astype("float64").to_numpy()
    if column.null_count or not np.isin(values, (0.0, 1.0)).all():
        raise SnapshotError(
            f"The label {name!r} must be true or false (1 or 0) in each row; "
            f"{column.null_count} are empty, {np.sum(~np.isin(values, (0.0, 1.0)))} are neither.",
            "Leave out rows whose label is not known, and state the label as a condition.",
        )
    return np.asarray(values, dtype=np.int64)


def _to_time(column: pa.ChunkedArray, name: str) -> pd.Series:
    if not (
        pa.types.is_timestamp(column.type)
        or pa.types.is_string(column.type)
        or pa.types.is_large_string(column.type)
    ):
        raise SnapshotError(
            f"The event time {name!r} is {column.type}.", "Write it as a timestamp or as RFC 3339."
        )
    return pd.to_datetime(column.to_pandas(), utc=True)


def _check_sides(times: pd.Series, start: datetime, sizes: tuple[int, int]) -> None:
    if 0 in sizes:
        raise SnapshotError(
            f"Validation from {start.isoformat()} leaves {sizes[0]} rows to train on and "
            f"{sizes[1]} to validate: event times run from {times.min()} to {times.max()}.",
            "Move the start of the validation between these two times.",
        )


def _check_classes(labels: pd.Series, name: str) -> None:
    if labels.nunique() < 2:  # noqa: PLR2004
        raise SnapshotError(
            f"All {len(labels)} training rows have {name} = {labels.iloc[0]}: "
            "there is nothing to tell apart.",
            "Widen the observation period, or correct the label's condition.",
        )
