"""Makes LightGBM's split thresholds exact in float32.

LightGBM compares with float64 thresholds, ONNX with float32 ones, and the converter rounds to the nearest.
A threshold that is rounded up sends values that lie between the two to the other side: probabilities then
differ by tenths for these rows. Rounded down, x <= t has the same answer for every float32 x.
"""

import copy
from typing import Any

import numpy as np


def floor_to_float32(value: float) -> float:
    """The greatest float32 that is not above `value`."""
    nearest = np.float32(value)
    if float(nearest) > value:
        nearest = np.nextafter(nearest, np.float32(-np.inf))
    return float(nearest)


def with_float32_thresholds(model: Any) -> Any:
    """A copy of the model, or pipeline, whose LightGBM classifiers split at float32 thresholds;
    the model itself when it holds none. Predictions for float32 input are the same."""
    if hasattr(model, "steps"):
        copied = copy.copy(model)
        copied.steps = [(name, with_float32_thresholds(step)) for name, step in model.steps]
        return copied
    if type(model).__module__.split(".")[0] != "lightgbm" or not hasattr(model, "booster_"):
        return model
    return _rounded(model)


def _rounded(model: Any) -> Any:
    from lightgbm import Booster

    lines = model.booster_.model_to_string().split("\n")
    # The header's tree sizes are byte offsets into the text and would no longer fit; they are optional.
    kept = [line for line in lines if not line.startswith("tree_sizes=")]
    text = "\n".join(_round_line(line) for line in kept)
    copied = copy.copy(model)
    copied._Booster = Booster(model_str=text)
    return copied


def _round_line(line: str) -> str:
    key, sign, values = line.partition("=")
    if key != "threshold" or not values:
        return line
    return key + sign + " ".join(repr(floor_to_float32(float(v))) for v in values.split(" "))
