"""Finding what a person presses in a window."""

from PySide6.QtWidgets import QAbstractButton, QWidget


def button(root: QWidget, name: str) -> QAbstractButton:
    """The button of that name."""
    found = root.findChild(QAbstractButton, name)
    assert found is not None, name
    return found
