"""Turns a fitted scikit-learn or LightGBM classifier into one ONNX graph:
input `features` (float32 [n, k]) → output `probabilities` (float32 [n, 2])."""

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pandas as pd
from onnx import helper
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from roofshot_trainer.converters import register_converters
from roofshot_trainer.errors import ModelError
from roofshot_trainer.lightgbm_thresholds import with_float32_thresholds

INPUT, OUTPUT = "features", "probabilities"
TARGET_OPSET = {"": 17, "ai.onnx.ml": 3}
"""Old enough for every server of the last three years; newer operators gain nothing here."""
TOLERANCE = 1e-4
"""float32 arithmetic stays below 1e-6; more than this means that the graph computes something else."""
SAMPLE_ROWS = 5_000
_MESSAGE_CHARACTERS = 300


def export_onnx(model: Any, frame: pd.DataFrame) -> tuple[bytes, float]:
    """The serialised graph for the columns of `frame`, and its greatest difference from
    `predict_proba` over a sample of the rows. Raises ModelError."""
    _check_classifier(model, list(frame.columns))
    graph = _convert(with_float32_thresholds(model), list(frame.columns))
    content: bytes = graph.SerializeToString(deterministic=True)
    difference = _greatest_difference(content, model, _sample(frame))
    if not difference <= TOLERANCE:
        raise ModelError(
            f"The ONNX model and {_name(model)} disagree by up to {difference:g} on "
            f"{min(len(frame), SAMPLE_ROWS)} rows (allowed: {TOLERANCE:g}).",
            "Fit on the float32 columns that run.split() gives, and avoid steps of your own.",
        )
    return content, difference


def _name(model: Any) -> str:
    last = model.steps[-1][1] if isinstance(model, Pipeline) else model
    return type(last).__name__


def _check_classifier(model: Any, columns: list[str]) -> None:
    if not hasattr(model, "predict_proba"):
        raise ModelError(
            f"{_name(model)} has no predict_proba.",
            "Log a fitted classifier that gives probabilities.",
        )
    count = getattr(model, "n_features_in_", len(columns))
    names = list(model.feature_names_in_) if _takes_frames(model) else None
    if names not in (None, columns) or count != len(columns):
        seen = f"{count} columns" if names is None else names
        raise ModelError(
            f"{_name(model)} was fitted on {seen}, but is logged for {columns}.",
            "Fit on train[run.features], or name the columns: run.log_model(model, features=[…]).",
        )


def _takes_frames(model: Any) -> bool:
    """LightGBM calls the columns of a plain array Column_0, Column_1, …"""
    names = list(getattr(model, "feature_names_in_", []))
    return names != [f"Column_{i}" for i in range(len(names))]


def _convert(model: Any, columns: list[str]) -> onnx.ModelProto:
    register_converters()
    by_name = _selects_by_name(model)
    inputs = [(name, FloatTensorType([None, 1])) for name in columns]
    try:
        graph: onnx.ModelProto = convert_sklearn(
            model,
            name="roofshot",  # the default is random, and equal runs must give equal bytes
            initial_types=inputs if by_name else [(INPUT, FloatTensorType([None, len(columns)]))],
            target_opset=TARGET_OPSET,
            options={id(model): {"zipmap": False}},
        )
    except Exception as error:  # the converters raise anything at all
        raise _refusal(model, error) from error
    if by_name:
        _split_input(graph, columns)
    _keep_probabilities(graph)
    _sort_opsets(graph)
    onnx.checker.check_model(graph)
    return graph


def _refusal(model: Any, error: Exception) -> ModelError:
    lines = str(error).splitlines() or [type(error).__name__]
    reason = lines[0][:_MESSAGE_CHARACTERS]
    return ModelError(
        f"{_name(model)} cannot be written as ONNX: {reason}",
        "Use LGBMClassifier instead of HistGradientBoostingClassifier or CatBoost; scikit-learn's "
        "linear models, forests, scalers and encoders in a Pipeline convert as well.",
    )


def _selects_by_name(model: Any) -> bool:
    """Whether a pipeline picks its columns by name: then the converter asks for an input per column."""
    first = model.steps[0][1] if isinstance(model, Pipeline) else model
    if not isinstance(first, ColumnTransformer):
        return False
    picked = [columns for _, _, columns in first.transformers_]
    return any(isinstance(name, str) for names in picked for name in np.atleast_1d(names))


def _split_input(graph: onnx.ModelProto, columns: list[str]) -> None:
    """Puts the one matrix in front of a graph that takes a column each. Columns that the pipeline drops
    stay part of the matrix: the signature is the feature list, not what the model happens to use."""
    inner = graph.graph
    used = {name for node in inner.node for name in node.input}
    nodes = []
    for index, name in enumerate(columns):
        if name not in used:
            continue
        position = helper.make_tensor(f"{name}_position", onnx.TensorProto.INT64, [1], [index])
        inner.initializer.append(position)
        nodes.append(helper.make_node("Gather", [INPUT, position.name], [name], axis=1))
    nodes.extend(inner.node)
    del inner.node[:]
    inner.node.extend(nodes)
    del inner.input[:]
    kind = onnx.TensorProto.FLOAT
    inner.input.append(helper.make_tensor_value_info(INPUT, kind, [None, len(columns)]))


def _keep_probabilities(graph: onnx.ModelProto) -> None:
    """Drops the label and what only it needs: onnxruntime warns about its shape on every batch."""
    inner = graph.graph
    kept = [output for output in inner.output if output.name == OUTPUT]
    del inner.output[:]
    inner.output.extend(kept)
    needed, nodes = {OUTPUT}, []
    for node in reversed(inner.node):
        if needed.intersection(node.output):
            needed.update(node.input)
            nodes.append(node)
    del inner.node[:]
    inner.node.extend(reversed(nodes))


def _sort_opsets(graph: onnx.ModelProto) -> None:
    """The converter lists them in the order of a set of texts, which differs from process to process."""
    opsets = sorted(graph.opset_import, key=lambda opset: opset.domain)
    del graph.opset_import[:]
    graph.opset_import.extend(opsets)


def _sample(frame: pd.DataFrame) -> pd.DataFrame:
    """Evenly spaced rows: a snapshot is sorted by time, so each period is in it."""
    rows = np.linspace(0, len(frame) - 1, min(len(frame), SAMPLE_ROWS)).astype(int)
    return frame.iloc[rows]


def _greatest_difference(content: bytes, model: Any, sample: pd.DataFrame) -> float:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    matrix = sample.to_numpy(dtype=np.float32)
    served = session.run([OUTPUT], {INPUT: matrix})[0]
    expected = model.predict_proba(sample if _takes_frames(model) else matrix)
    if served.shape != (len(sample), 2) or expected.shape != served.shape:
        raise ModelError(
            f"The model answers {served.shape[1:]} probabilities a row, not 2.",
            "Log a classifier of two classes, fitted on the label's column.",
        )
    return float(np.abs(served - expected).max())
