"""Writes the model files of the admission tests: `python make_models.py` beside this file. Good models, and one for each way to be refused."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).parent


OPSETS = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3), helper.make_opsetid("ours", 1)]


def save(
    name: str,
    nodes: list[onnx.NodeProto],
    initializers: list[onnx.TensorProto],
    output: str = "probabilities",
    *,
    functions: list[onnx.FunctionProto] | None = None,
) -> None:
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
        initializers,
    )
    opsets = OPSETS if functions or any(node.domain for node in nodes) else OPSETS[:1]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8, functions=functions or [])
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

# A forest's sum of float32 numbers: rounding has put it beyond 0 and 1.
save(
    "rounded",
    [
        LINEAR,
        helper.make_node("Mul", ["z", "nought"], ["zeros"]),
        helper.make_node("IsNaN", ["zeros"], ["missing"]),
        helper.make_node("Where", ["missing", "nought", "zeros"], ["known"]),
        helper.make_node("Add", ["known", "sure"], ["probabilities"]),
    ],
    [WEIGHTS, constant("nought", [0]), constant("sure", [-1.1920929e-07, 1.0000001])],
)

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

# How many rows are asked, as a scalar; and as many turns or numbers as that asks for.
ROWS = [helper.make_node("Shape", ["features"], ["dims"]), helper.make_node("Gather", ["dims", "first"], ["rows"])]
FIRST = numpy_helper.from_array(np.array(0, dtype=np.int64), "first")
GO = numpy_helper.from_array(np.array(True), "go")


def scalar(name: str, value: float, dtype: type = np.int64) -> onnx.TensorProto:
    return numpy_helper.from_array(np.array(value, dtype=dtype), name)


# Answers at once, but for two rows turns for ever.
save(
    "loops-at-two",
    [
        *ROWS,
        LINEAR,
        helper.make_node("Equal", ["rows", "two"], ["is_two"]),
        helper.make_node("Where", ["is_two", "many", "one"], ["turns"]),
        helper.make_node("Loop", ["turns", "go", "z"], ["probabilities"], body=body),
    ],
    [WEIGHTS, FIRST, GO, scalar("two", 2), scalar("many", 2**40), scalar("one", 1)],
)
# Answers at once, but for three rows asks for 50 GB.
save(
    "huge-at-three",
    [
        *ROWS,
        helper.make_node("Equal", ["rows", "three"], ["is_three"]),
        helper.make_node("Where", ["is_three", "many", "one"], ["size"]),
        helper.make_node("Expand", ["nought", "size"], ["zeros"]),
        helper.make_node("ReduceSum", ["zeros"], ["sum"], keepdims=0),
        LINEAR,
        helper.make_node("Add", ["z", "sum"], ["z2"]),
        helper.make_node("Softmax", ["z2"], ["probabilities"], axis=1),
    ],
    [WEIGHTS, FIRST, scalar("three", 3), constant("many", [12_500_000_000], np.int64), constant("one", [1], np.int64), constant("nought", [0])],
)


# As many numbers as the greatest value of a feature says: what is tried out tells nothing of it.
def sized_by_values(zeros: list[onnx.NodeProto]) -> list[onnx.NodeProto]:
    return [
        helper.make_node("ReduceMax", ["features"], ["greatest"], keepdims=0),
        helper.make_node("Cast", ["greatest"], ["many"], to=TensorProto.INT64),
        *zeros,
        helper.make_node("ReduceSum", ["zeros"], ["sum"], keepdims=0),
        LINEAR,
        helper.make_node("Add", ["z", "sum"], ["z2"]),
        helper.make_node("Softmax", ["z2"], ["probabilities"], axis=1),
    ]


EXPAND = [helper.make_node("Reshape", ["many", "flat"], ["size"]), helper.make_node("Expand", ["nought", "size"], ["zeros"])]
CONSTANTS = [WEIGHTS, constant("nought", [0]), constant("flat", [1], np.int64)]
save("sized-by-values", sized_by_values(EXPAND), CONSTANTS)
# The same in a function of the model's own.
zeros = helper.make_function("ours", "Zeros", ["many", "nought", "flat"], ["zeros"], EXPAND, OPSETS[:1])
call = helper.make_node("Zeros", ["many", "nought", "flat"], ["zeros"], domain="ours")
save("sized-in-a-function", sized_by_values([call]), CONSTANTS, functions=[zeros])


def branch(name: str, nodes: list[onnx.NodeProto]) -> onnx.GraphProto:
    return helper.make_graph(nodes, name, [], [helper.make_tensor_value_info(f"{name}_out", TensorProto.FLOAT, None)])


# A loop in a branch that is taken for an odd number of rows only, in a function of the model's own.
turn = branch("turn", [helper.make_node("Loop", ["turns", "go", "z"], ["turn_out"], body=body)])
rest = branch("rest", [helper.make_node("Softmax", ["z"], ["rest_out"], axis=1)])
choose = helper.make_function(
    "ours",
    "Choose",
    ["is_odd", "z", "turns", "go"],
    ["chosen"],
    [helper.make_node("If", ["is_odd"], ["chosen"], then_branch=turn, else_branch=rest)],
    OPSETS[:1],
)
ODD = [helper.make_node("Mod", ["rows", "two"], ["rest_of_two"]), helper.make_node("Cast", ["rest_of_two"], ["is_odd"], to=TensorProto.BOOL)]
save(
    "loop-in-a-branch",
    [*ROWS, *ODD, LINEAR, helper.make_node("Choose", ["is_odd", "z", "turns", "go"], ["probabilities"], domain="ours")],
    [WEIGHTS, FIRST, GO, scalar("two", 2), scalar("turns", 1)],
    functions=[choose],
)
# Branches without loops that the number of rows decides: good. That a value decides: only one of them can be tried out.
plain = branch("plain", [helper.make_node("Softmax", ["z"], ["plain_out"], axis=1)])
save(
    "branches-by-rows",
    [*ROWS, *ODD, LINEAR, helper.make_node("If", ["is_odd"], ["probabilities"], then_branch=plain, else_branch=rest)],
    [WEIGHTS, FIRST, scalar("two", 2)],
)
save(
    "branches-by-values",
    [
        LINEAR,
        helper.make_node("ReduceMax", ["features"], ["greatest"], keepdims=0),
        helper.make_node("Greater", ["greatest", "limit"], ["is_great"]),
        helper.make_node("If", ["is_great"], ["probabilities"], then_branch=plain, else_branch=rest),
    ],
    [WEIGHTS, scalar("limit", 1e9, np.float32)],
)


def trees(name: str, back: int) -> None:
    """A stump, and a tree whose third node goes on to `back` where the first feature is 12345; 4 is a leaf."""
    tree = helper.make_node(
        "TreeEnsembleClassifier",
        ["features"],
        ["label", "probabilities"],
        domain="ai.onnx.ml",
        nodes_treeids=[0] * 3 + [1] * 5,
        nodes_nodeids=[0, 1, 2, 0, 1, 2, 3, 4],
        nodes_featureids=[0] * 8,
        nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF", "BRANCH_EQ", "LEAF", "BRANCH_EQ", "LEAF", "LEAF"],
        nodes_values=[0.5, 0.0, 0.0, 12345.0, 0.0, 12345.0, 0.0, 0.0],
        nodes_truenodeids=[1, 0, 0, 2, 0, back, 0, 0],
        nodes_falsenodeids=[2, 0, 0, 1, 0, 3, 0, 0],
        class_treeids=[0, 0, 1, 1, 1],
        class_nodeids=[1, 2, 1, 3, 4],
        class_ids=[0] * 5,
        class_weights=[0.1, 0.2, 0.1, 0.2, 0.3],
        classlabels_int64s=[0, 1],
        post_transform="LOGISTIC",
    )
    save(name, [tree], [])


trees("trees", 4)
trees("trees-in-a-circle", 0)

save("others-operator", [LINEAR, helper.make_node("Spin", ["z"], ["probabilities"], domain="ours")], [WEIGHTS])

# A minute's work without a loop: matrices of 3,000 x 3,000, one after the other.
squares = [helper.make_node("MatMul", [f"m{turn}", "m0"], [f"m{turn + 1}"]) for turn in range(200)]
save(
    "slow",
    [
        helper.make_node("ConstantOfShape", ["square"], ["m0"]),
        *squares,
        helper.make_node("ReduceSum", ["m200"], ["sum"], keepdims=0),
        LINEAR,
        helper.make_node("Add", ["z", "sum"], ["z2"]),
        helper.make_node("Softmax", ["z2"], ["probabilities"], axis=1),
    ],
    [WEIGHTS, constant("square", [3_000, 3_000], np.int64)],
)

outside = onnx.TensorProto()
outside.CopyFrom(WEIGHTS)
outside.ClearField("raw_data")
outside.data_location = TensorProto.EXTERNAL
outside.external_data.add(key="location", value="../../../../etc/passwd")
save("outside-data", [LINEAR, SOFTMAX], [outside])

(HERE / "truncated.onnx").write_bytes((HERE / "good.onnx").read_bytes()[:60])
