from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest
from lightgbm import LGBMClassifier
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from conftest import make_snapshot
from roofshot_trainer.errors import ModelError
from roofshot_trainer.lightgbm_thresholds import floor_to_float32, with_float32_thresholds
from roofshot_trainer.onnx_model import export_onnx

FRAME = make_snapshot(3_000)
LATE = FRAME["late"].astype(int)
X = FRAME[["hour", "delays", "noise"]].astype("float32")
FULL = X.fillna(0)


def boosted() -> LGBMClassifier:
    return LGBMClassifier(n_estimators=60, n_jobs=1, seed=7, deterministic=True, verbose=-1)


def pipeline() -> Any:
    prepare = ColumnTransformer(
        [
            ("hour", OneHotEncoder(handle_unknown="ignore"), ["hour"]),
            ("log", make_pipeline(FunctionTransformer(np.log1p), StandardScaler()), ["noise"]),
        ]
    )
    return make_pipeline(prepare, LogisticRegression(max_iter=1000))


def answer(content: bytes, rows: pd.DataFrame) -> Any:
    session = onnxruntime.InferenceSession(content)
    assert [i.name for i in session.get_inputs()] == ["features"]
    assert [o.name for o in session.get_outputs()] == ["probabilities"]
    return session.run(None, {"features": rows.to_numpy(dtype=np.float32)})[0]


def test_lightgbm_answers_the_same_as_onnx_also_for_empty_values() -> None:
    model = boosted().fit(X, LATE)
    content, difference = export_onnx(model, X)
    assert difference < 1e-6
    empty = X.head(50).assign(hour=np.nan, noise=np.nan)
    np.testing.assert_allclose(answer(content, empty), model.predict_proba(empty), atol=1e-6)


def test_lightgbm_answers_the_same_right_beside_its_thresholds() -> None:
    model = boosted().fit(X, LATE)
    content, _ = export_onnx(model, X)
    trees = model.booster_.trees_to_dataframe().query("split_feature == 'noise'")
    trees = trees[trees["threshold"].abs() > 1e-30]  # LightGBM's mark for zero, a value that no data holds
    nearest = trees["threshold"].astype("float32").to_numpy()
    for direction in (-np.inf, np.inf):
        beside = np.nextafter(nearest, np.float32(direction))
        for values in (nearest, beside):
            rows = X.iloc[: len(values)].assign(noise=values)
            np.testing.assert_allclose(answer(content, rows), model.predict_proba(rows), atol=1e-6)


def test_rounding_thresholds_changes_no_prediction() -> None:
    model = boosted().fit(X, LATE)
    np.testing.assert_array_equal(with_float32_thresholds(model).predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize("value", [0.1, 0.3, -0.1, 1e10 + 1, 0.5, 0.0])
def test_a_threshold_is_rounded_down_to_the_next_float32(value: float) -> None:
    rounded = floor_to_float32(value)
    above = float(np.nextafter(np.float32(rounded), np.float32(np.inf)))
    assert float(np.float32(rounded)) == rounded
    assert rounded <= value < above


def test_equal_training_gives_equal_bytes() -> None:
    first, second = (export_onnx(boosted().fit(X, LATE), X)[0] for _ in range(2))
    assert first == second


def test_a_pipeline_that_picks_columns_by_name_takes_one_matrix() -> None:
    rows = FULL.assign(noise=FULL["noise"].abs())
    model = pipeline().fit(rows, LATE)
    content, difference = export_onnx(model, rows)
    assert difference < 1e-6
    shape = onnx.load_from_string(content).graph.input[0].type.tensor_type.shape
    assert shape.dim[1].dim_value == 3  # `delays` is dropped by the pipeline and stays in the signature
    unseen = rows.head(5).assign(hour=3)
    np.testing.assert_allclose(answer(content, unseen), model.predict_proba(unseen), atol=1e-6)


@pytest.mark.parametrize("function", [np.log1p, np.sqrt, np.abs, np.sin, np.exp, None])
def test_a_numpy_function_in_a_pipeline_converts(function: Callable[..., Any] | None) -> None:
    rows = FULL.abs() / 10
    model = make_pipeline(FunctionTransformer(function), LogisticRegression(max_iter=1000))
    assert export_onnx(model.fit(rows, LATE), rows)[1] < 1e-5


def test_models_fitted_on_plain_arrays_convert() -> None:
    for model in (boosted(), RandomForestClassifier(10, random_state=7)):
        content, _ = export_onnx(model.fit(FULL.to_numpy(), LATE), FULL)
        assert answer(content, FULL).shape == (len(FULL), 2)


def test_a_model_that_does_not_convert_is_named_with_what_to_use() -> None:
    model = HistGradientBoostingClassifier(max_iter=5).fit(X, LATE)
    with pytest.raises(ModelError, match="HistGradientBoostingClassifier cannot be written") as caught:
        export_onnx(model, X)
    assert "LGBMClassifier" in caught.value.hint
    assert len(str(caught.value)) < 500  # the converter's own message runs to thousands of lines


def test_a_function_without_a_converter_is_named() -> None:
    model = make_pipeline(FunctionTransformer(np.tanh), LogisticRegression()).fit(FULL, LATE)
    with pytest.raises(ModelError, match=r"knows numpy\.log"):
        export_onnx(model, FULL)


def test_a_model_without_probabilities_is_refused() -> None:
    with pytest.raises(ModelError, match="no predict_proba"):
        export_onnx(LinearRegression().fit(FULL, LATE), FULL)


def test_a_model_of_three_classes_is_refused() -> None:
    with pytest.raises(ModelError, match="not 2"):
        export_onnx(boosted().fit(X, FRAME["hour"] % 3), X)


@pytest.mark.parametrize("columns", [["delays", "hour", "noise"], ["hour", "delays"]])
def test_a_model_fitted_on_other_columns_is_refused(columns: list[str]) -> None:
    model = boosted().fit(X[columns], LATE)
    with pytest.raises(ModelError, match="was fitted on"):
        export_onnx(model, X)


def test_a_model_that_disagrees_with_its_graph_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    model = LogisticRegression().fit(FULL, LATE)
    honest = model.predict_proba
    monkeypatch.setattr(model, "predict_proba", lambda rows: honest(rows)[:, ::-1])
    with pytest.raises(ModelError, match="disagree by up to"):
        export_onnx(model, FULL)
