"""The project's own source files, and what the rules of the house say of one."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ("core", "desktop", "packaging")
LINES_IN_A_FILE = 400
LINES_IN_A_FUNCTION = 60
NAMES_THAT_SAY_NOTHING = re.compile(r"(^|_)(util|utils|helper|helpers|misc|common|manager|managers)(_|$)")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_files(*folders: str) -> list[Path]:
    """Every Python file below ``folders`` (of the checkout), in a fixed order."""
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in found if "__pycache__" not in path.parts]


def functions(source: str) -> Iterator[Function]:
    """Every function in ``source``, also those inside classes and functions."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, Function):
            yield node


def length(function: Function) -> int:
    """Lines from its first decorator to its end."""
    first = min([function.lineno, *(each.lineno for each in function.decorator_list)])
    return (function.end_lineno or function.lineno) - first + 1


def too_long(source: str) -> list[str]:
    """What in ``source`` is longer than the house allows: functions, or the file itself."""
    said = [f"{each.name} has {length(each)} lines" for each in functions(source)]
    said = [
        text for text, each in zip(said, functions(source), strict=True) if length(each) > LINES_IN_A_FUNCTION
    ]
    lines = source.count("\n")
    return said + ([f"the file has {lines} lines"] if lines > LINES_IN_A_FILE else [])


def says_nothing(name: str) -> bool:
    """Whether a file, folder, class or function name hides what the thing is."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    return NAMES_THAT_SAY_NOTHING.search(snake) is not None


def imported(source: str) -> set[str]:
    """Dotted names of all modules that ``source`` imports, wherever in it; ``from a import b`` gives both."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names
