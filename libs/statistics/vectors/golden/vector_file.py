"""A file of vectors: what was computed, and by which versions of which packages."""

import json
import pathlib
from importlib.metadata import version

FOLDER = pathlib.Path(__file__).parent.parent


def write(name, packages, **groups):
    """Writes FOLDER/name.json; a NaN or infinity in it is an error, as JSON has neither."""
    made_by = {package: version(package) for package in packages}
    text = json.dumps({"madeBy": made_by, **groups}, indent=1, sort_keys=False, allow_nan=False)
    (FOLDER / f"{name}.json").write_text(text + "\n")
