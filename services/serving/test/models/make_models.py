"""Writes the small ONNX models of serving's tests: logistic functions whose answers a test can compute by hand.

Run: .venv/bin/python services/serving/test/models/make_models.py
Input `features` float32 [n, k] -> output `probabilities` float32 [n, 2]; a missing value (NaN) counts as 0.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MODELS = {
    # score = sigmoid(-1 + 0.5 * distance / 1000 + 0 * hour): the timetable alone
    "timetable": (np.array([0.0, 0.0005], dtype=np.float32), -1.0),
    # score = sigmoid(-2 + 3 * late_share + 0.1 * count): what happened lately
    "streaming": (np.array([3.0, 0.1], dtype=np.float32), -2.0),
    # Takes one feature and answers 0.5 everywhere.
    "coin": (np.array([0.0], dtype=np.float32), 0.0),
}


def logistic(weights: np.ndarray, bias: float) -> onnx.ModelProto:
    constants = [
        numpy_helper.from_array(weights.reshape(-1, 1), "weights"),
        numpy_helper.from_array(np.array([bias], dtype=np.float32), "bias"),
        numpy_helper.from_array(np.array(0.0, dtype=np.float32), "zero"),
        numpy_helper.from_array(np.array(1.0, dtype=np.float32), "one"),
    ]
    nodes = [
        helper.make_node("IsNaN", ["features"], ["missing"]),
        helper.make_node("Where", ["missing", "zero", "features"], ["known"]),
        helper.make_node("Gemm", ["known", "weights", "bias"], ["logit"]),
        helper.make_node("Sigmoid", ["logit"], ["positive"]),
        helper.make_node("Sub", ["one", "positive"], ["negative"]),
        helper.make_node("Concat", ["negative", "positive"], ["probabilities"], axis=1),
    ]
    inputs = [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, len(weights)])]
    outputs = [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 2])]
    graph = helper.make_graph(nodes, "logistic", inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def answering(name: str, nodes: list[onnx.NodeProto], constants: dict[str, np.ndarray]) -> onnx.ModelProto:
    """From a probability `p` for each of `n` rows: [n, 1], as the nodes compute it from two features."""
    nodes = [*nodes, helper.make_node("Sub", ["one", "p"], ["rest"]), helper.make_node("Concat", ["rest", "p"], ["probabilities"], axis=1)]
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 2])],
        [numpy_helper.from_array(value, key) for key, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


ONE = np.array(1.0, dtype=np.float32)
OTHERS = {
    # p = the first feature + 0.0001 for each row that is asked at once: tells how it was asked.
    "census": answering(
        "census",
        [
            helper.make_node("Shape", ["features"], ["dims"]),
            helper.make_node("Gather", ["dims", "zeroth"], ["rows"]),
            helper.make_node("Cast", ["rows"], ["count"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["count", "unit"], ["share"]),
            helper.make_node("Gather", ["features", "columns"], ["own"], axis=1),
            helper.make_node("Add", ["own", "share"], ["p"]),
        ],
        {"one": ONE, "zeroth": np.array(0), "unit": np.array(1e-4, dtype=np.float32), "columns": np.array([0])},
    ),
    # p = the first feature, plainly.
    "plain": answering(
        "plain",
        [helper.make_node("Gather", ["features", "columns"], ["p"], axis=1)],
        {"one": ONE, "columns": np.array([0])},
    ),
}


if __name__ == "__main__":
    for name, model in OTHERS.items():
        Path(__file__).with_name(f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))
    for name, (weights, bias) in MODELS.items():
        path = Path(__file__).with_name(f"{name}.onnx")
        path.write_bytes(logistic(weights, bias).SerializeToString(deterministic=True))
