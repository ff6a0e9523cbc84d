"""All texts of the window that are to be translated, read from its source (W21)."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "desktop" / "rollbook_desktop"
WITH_CONTEXT = ("translate", "QT_TRANSLATE_NOOP")


@dataclass(frozen=True, order=True)
class Message:
    """``counted`` messages have a form for each number class of a language."""

    context: str
    text: str
    counted: bool


def messages() -> set[Message]:
    """Every message of every file."""
    return {message for file in SOURCE.rglob("*.py") for message in _of_file(file)}


def _of_file(file: Path) -> Iterator[Message]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    yield from _below(tree, "")


def _below(node: ast.AST, class_name: str) -> Iterator[Message]:
    for child in ast.iter_child_nodes(node):
        name = child.name if isinstance(child, ast.ClassDef) else class_name
        if isinstance(child, ast.Call):
            yield from _of_call(child, class_name)
        yield from _below(child, name)


def _of_call(call: ast.Call, class_name: str) -> Iterator[Message]:
    called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    texts = [argument.value if isinstance(argument, ast.Constant) else None for argument in call.args]
    if called == "tr":
        yield Message(class_name, _text(texts[0], call), len(texts) == 3)
    elif called in WITH_CONTEXT and len(texts) > 1 and texts[1] is not None:
        yield Message(_text(texts[0], call), _text(texts[1], call), len(texts) == 4)


def _text(value: object, call: ast.Call) -> str:
    assert isinstance(value, str), f"line {call.lineno}: a text to translate must be written out"
    return value
