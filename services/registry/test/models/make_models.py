"""Writes the model files of the admission tests: `python make_models.py` beside this file. One good model, and one for each way to be refused."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).parent


def save(name: str, nodes: list[onnx.NodeProto], initializers: list[onnx.TensorProto], output: str = "probabilities") -> None:
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
        initializers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (HERE / f"{name}.onnx").write_bytes(model.SerializeToString())


def constant(name: str, values: list, dtype: type = np.float32) -> onnx.TensorProto:
    return numpy_helper.from_array(np.array(values, dtype=dtype), name)


WEIGHTS = constant("w", [[0.5, -0.5], [-0.25, 0.25]])
LINEAR = helper.make_node("MatMul", ["features", "w"], ["z"])
SOFTMAX = helper.make_node("Softmax", ["z"], ["probabilities"], axis=1)

save("good", [LINEAR, SOFTMAX], [WEIGHTS])
save("other-output", [LINEAR, helper.make_node("Softmax", ["z"], ["label"], axis=1)], [WEIGHTS], "label")
save("not-probabilities", [helper.make_node("MatMul", ["features", "w"], ["probabilities"])], [WEIGHTS])
save("nan", [LINEAR, helper.make_node("Sqrt", ["z"], ["s"]), helper.make_node("Softmax", ["s"], ["probabilities"], axis=1)], [WEIGHTS])

# 15 GB of zeros from a few bytes: what it asks for is known only when it runs.
save(
    "huge",
    [
        helper.make_node("ConstantOfShape", ["shape"], ["zeros"]),
        helper.make_node("ReduceSum", ["zeros"], ["sum"], keepdims=0),
        LINEAR,
        helper.make_node("Add", ["z", "sum"], ["z2"]),
        helper.make_node("Softmax", ["z2"], ["probabilities"], axis=1),
    ],
    [WEIGHTS, constant("shape", [60_000, 62_500], np.int64)],
)

# 2^40 turns of a loop.
body = helper.make_graph(
    [helper.make_node("Identity", ["go_in"], ["go_out"]), helper.make_node("Softmax", ["x_in"], ["x_out"], axis=1)],
    "body",
    [
        helper.make_tensor_value_info("turn", TensorProto.INT64, []),
        helper.make_tensor_value_info("go_in", TensorProto.BOOL, []),
        helper.make_tensor_value_info("x_in", TensorProto.FLOAT, None),
    ],
    [helper.make_tensor_value_info("go_out", TensorProto.BOOL, []), helper.make_tensor_value_info("x_out", TensorProto.FLOAT, None)],
)
save(
    "endless",
    [LINEAR, helper.make_node("Loop", ["turns", "go", "z"], ["probabilities"], body=body)],
    [WEIGHTS, numpy_helper.from_array(np.array(2**40, dtype=np.int64), "turns"), numpy_helper.from_array(np.array(True), "go")],
)

outside = onnx.TensorProto()
outside.CopyFrom(WEIGHTS)
outside.ClearField("raw_data")
outside.data_location = TensorProto.EXTERNAL
outside.external_data.add(key="location", value="../../../../etc/passwd")
save("outside-data", [LINEAR, SOFTMAX], [outside])

(HERE / "truncated.onnx").write_bytes((HERE / "good.onnx").read_bytes()[:60])
