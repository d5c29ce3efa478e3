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


if __name__ == "__main__":
    for name, (weights, bias) in MODELS.items():
        path = Path(__file__).with_name(f"{name}.onnx")
        path.write_bytes(logistic(weights, bias).SerializeToString(deterministic=True))
