"""Converters that skl2onnx does not bring: LightGBM, and FunctionTransformer with a NumPy function."""

import importlib.util
from functools import cache
from typing import Any

import numpy as np
from onnx import TensorProto
from skl2onnx import update_registered_converter
from skl2onnx.common.data_types import FloatTensorType
from skl2onnx.common.shape_calculator import calculate_linear_classifier_output_shapes
from sklearn.preprocessing import FunctionTransformer

_OPSET = 13
"""The newest version of these operators at the opset that models are written for."""

_OPERATORS: dict[Any, str] = {
    np.log: "Log",
    np.log1p: "Log",
    np.exp: "Exp",
    np.sqrt: "Sqrt",
    np.abs: "Abs",
    np.sin: "Sin",
    np.cos: "Cos",
    None: "Identity",
}


@cache
def register_converters() -> None:
    """Tells skl2onnx once per process."""
    update_registered_converter(
        FunctionTransformer,
        "RoofshotFunctionTransformer",
        _function_shape,
        _convert_function,
    )
    if importlib.util.find_spec("lightgbm") and importlib.util.find_spec("onnxmltools"):
        _register_lightgbm()


def _register_lightgbm() -> None:
    from lightgbm import LGBMClassifier
    from onnxmltools.convert.lightgbm.operator_converters.LightGbm import convert_lightgbm

    update_registered_converter(
        LGBMClassifier,
        "LightGbmLGBMClassifier",
        calculate_linear_classifier_output_shapes,
        convert_lightgbm,
        options={"nocl": [True, False], "zipmap": [True, False, "columns"]},
    )


def _function_shape(operator: Any) -> None:
    rows = operator.inputs[0].get_first_dimension()
    widths = [variable.type.shape[1] for variable in operator.inputs]
    operator.outputs[0].type = FloatTensorType([rows, None if None in widths else sum(widths)])


def _convert_function(scope: Any, operator: Any, container: Any) -> None:
    transformer = operator.raw_operator
    if transformer.func not in _OPERATORS or transformer.kw_args:
        known = ", ".join(f"numpy.{function.__name__}" for function in _OPERATORS if function)
        raise NotImplementedError(f"FunctionTransformer knows {known} without arguments.")

    def add(kind: str, inputs: list[str], output: str | None = None, **attributes: int) -> str:
        name = output or scope.get_unique_variable_name("function")
        node = scope.get_unique_operator_name("function")
        container.add_node(kind, inputs, name, name=node, op_version=_OPSET, **attributes)
        return name

    names = [variable.full_name for variable in operator.inputs]
    value = names[0] if len(names) == 1 else add("Concat", names, axis=1)
    if transformer.func is np.log1p:
        one = scope.get_unique_variable_name("one")
        container.add_initializer(one, TensorProto.FLOAT, [1], [1.0])
        value = add("Add", [value, one])
    add(_OPERATORS[transformer.func], [value], operator.outputs[0].full_name)
