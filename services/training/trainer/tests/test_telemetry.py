"""The libraries that a training uses report nothing on their own."""

import subprocess
import sys
from pathlib import Path

from conftest import SOURCE

PROGRAM = """
import numpy as np
from sklearn.linear_model import LogisticRegression
import pandas as pd
from roofshot_trainer.onnx_model import export_onnx
frame = pd.DataFrame({"a": np.arange(20, dtype="float32")})
export_onnx(LogisticRegression().fit(frame, frame["a"] > 9), frame)
"""


def test_exporting_a_model_makes_no_file_outside_of_the_run_folder(tmp_path: Path) -> None:
    home, temp = tmp_path / "home", tmp_path / "tmp"
    home.mkdir()
    temp.mkdir()
    environment = {"HOME": str(home), "TMPDIR": str(temp), "PYTHONPATH": str(SOURCE)}
    subprocess.run([sys.executable, "-c", PROGRAM], cwd=tmp_path, env=environment, check=True)
    assert sorted(tmp_path.rglob("*")) == [home, temp]
