"""Whether JSON values are of generated types: python check_values.py FOLDER, which holds modules and cases.json.

cases.json is a list of [module, name of a type, value]. Says the first values that are not of their type, and then fails.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any, ForwardRef, Literal, Union, get_args, get_origin, is_typeddict

if sys.version_info >= (3, 11):
    from typing import NotRequired
else:
    from typing_extensions import NotRequired

SCALARS = {str: (str,), bool: (bool,), int: (int,), float: (int, float)}


def resolved(kind: Any, names: dict[str, Any]) -> Any:
    """The type itself: aliases and references to later types are texts."""
    while isinstance(kind, (str, ForwardRef)):
        text = kind if isinstance(kind, str) else kind.__forward_arg__
        kind = eval(text, names)  # noqa: S307 - the module under test wrote it
    return kind


def fits(value: Any, kind: Any, names: dict[str, Any]) -> bool:
    kind = resolved(kind, names)
    origin, args = get_origin(kind), get_args(kind)
    if kind is Any:
        return True
    if kind is None or kind is type(None):
        return value is None
    if kind in SCALARS:
        return isinstance(value, SCALARS[kind]) and (kind is bool or not isinstance(value, bool))
    if origin is Union:
        return any(fits(value, one, names) for one in args)
    if origin is Literal:
        return any(type(one) is type(value) and one == value for one in args)
    if origin is NotRequired:
        return fits(value, args[0], names)
    if origin is list:
        return isinstance(value, list) and all(fits(one, args[0], names) for one in value)
    if origin is dict:
        return isinstance(value, dict) and all(fits(one, args[1], names) for one in value.values())
    if is_typeddict(kind):
        return isinstance(value, dict) and fits_fields(value, kind, names)
    raise TypeError(f"no rule for {kind!r}")


def fits_fields(value: dict[str, Any], kind: Any, names: dict[str, Any]) -> bool:
    for name, declared in kind.__annotations__.items():
        field = resolved(declared, names)
        if name in value:
            if not fits(value[name], field, names):
                return False
        elif get_origin(field) is not NotRequired:
            return False
    return True


def main(folder: str) -> int:
    sys.path.insert(0, folder)
    wrong = []
    for module, name, value in json.loads((Path(folder) / "cases.json").read_text("utf8")):
        names = vars(importlib.import_module(module))
        if not fits(value, names[name], names):
            wrong.append(f"{module}.{name}: {json.dumps(value)}")
    print("\n".join(wrong[:10]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
