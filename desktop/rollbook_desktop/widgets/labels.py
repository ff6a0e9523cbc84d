"""Labels of the type scale, made in one line."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel


def label(text: str, type_: str = "body", *, name: str = "", selectable: bool = False) -> QLabel:
    """A label that wraps. ``type_`` is a step of the type scale in the style sheet."""
    made = QLabel(text)
    made.setProperty("type", type_)
    made.setWordWrap(True)
    made.setTextFormat(Qt.TextFormat.PlainText)  # names and server texts are never markup
    if name:
        made.setObjectName(name)
    if selectable:
        made.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
    return made


def rule() -> QFrame:
    """A thin line across."""
    line = QFrame()
    line.setProperty("look", "rule")
    return line
