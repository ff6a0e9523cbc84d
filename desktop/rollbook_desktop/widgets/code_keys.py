"""The codes of a register as keys: what each letter means, and buttons for who has a mouse at hand."""

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from rollbook_desktop.widgets.buttons import Button
from rollbook_desktop.widgets.theme import SPACE, Theme

IN_A_ROW = 4


class CodeKeys(QWidget):
    """Emits the code that is chosen; empty for present."""

    chosen = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._shown: tuple[tuple[str, str], ...] = ()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(SPACE["xs"])

    def show_codes(self, codes: Mapping[str, str]) -> None:
        """Show these codes with their titles, and before them the key for present."""
        wanted = (("", self.tr("Present")), *codes.items()) if codes else ()
        if wanted == self._shown:
            return
        self._shown = wanted
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for place, (code, title) in enumerate(wanted):
            button = Button(self._theme, f"{code or self.tr('Space')}  {title}", f"code-{code or 'present'}")
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # whoever uses keys presses the letter itself
            button.clicked.connect(lambda _checked=False, chosen=code: self.chosen.emit(chosen))
            self._grid.addWidget(button, place // IN_A_ROW, place % IN_A_ROW)
