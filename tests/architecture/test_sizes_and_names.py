"""H8: short functions, short files, names that say what the thing is."""

import ast
import statistics
from pathlib import Path

from support.source_files import PROGRAM, ROOT, functions, length, python_files, says_nothing, too_long

MEDIAN_BELOW = 10


def test_h8_no_function_over_60_lines_and_no_file_over_400() -> None:
    found = {_short(path): too_long(path.read_text("utf-8")) for path in python_files(*PROGRAM, "tests")}
    assert {path: said for path, said in found.items() if said} == {}


def test_h8_a_long_function_and_a_long_file_are_noticed() -> None:
    body = "    pass\n" * 60
    assert too_long(f"class A:\n  def long(self):\n{body}") == ["long has 61 lines"]
    assert too_long("def fits():\n" + "    pass\n" * 59) == []
    assert too_long("x = 1\n" * 401) == ["the file has 401 lines"]


def test_h8_half_of_the_functions_are_shorter_than_10_lines() -> None:
    lengths = [length(each) for path in python_files(*PROGRAM) for each in functions(path.read_text("utf-8"))]
    assert statistics.median(lengths) < MEDIAN_BELOW


def test_h8_no_name_hides_what_the_thing_is() -> None:
    found = [
        f"{_short(path)}: {name}"
        for path in python_files(*PROGRAM, "tests")
        for name in (*path.relative_to(ROOT).with_suffix("").parts, *_defined(path.read_text("utf-8")))
        if says_nothing(name)
    ]
    assert found == []


def test_h8_names_that_say_nothing_are_noticed() -> None:
    assert all(map(says_nothing, ("utils", "date_helpers", "SyncManager", "misc", "common_things")))
    assert not any(map(says_nothing, ("managed", "uncommon", "utility_bill", "student")))


def _defined(source: str) -> list[str]:
    kinds = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    return [node.name for node in ast.walk(ast.parse(source)) if isinstance(node, kinds)]


def _short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
