"""W19: the focus by Tab is shown by the edge alone; no second box is drawn over the words."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QRadioButton, QWidget
from pytestqt.qtbot import QtBot

from rollbook_desktop.widgets.buttons import Button, PlaceButton
from rollbook_desktop.widgets.pill import Pill
from rollbook_desktop.widgets.theme import Theme

LOOKS = ("plain", "primary", "danger", "quiet", "choice", "place", "pill", "radio")


def _made(theme: Theme, look: str) -> QPushButton | QRadioButton:
    if look == "radio":
        return QRadioButton("As the system")
    if look == "place":
        return PlaceButton(theme, "Sync centre", "subject", icon="sync")
    if look == "pill":
        pill = Pill(theme, "subject")
        pill.show_status("Offline · 1 waiting", "offline", "warn", "")
        return pill
    return Button(theme, "Connect to a school", "subject", look=look)


@pytest.mark.parametrize("look", LOOKS)
def test_w19_focus_by_tab_draws_no_box_over_the_words(qtbot: QtBot, theme: Theme, look: str) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    subject, other = _made(theme, look), QPushButton("Other")
    row = QHBoxLayout(page)
    row.addWidget(other)
    row.addWidget(subject)
    page.show()
    page.activateWindow()
    qtbot.waitExposed(page)
    other.setFocus()
    unfocused = subject.grab().toImage()
    subject.setFocus()
    qtbot.waitUntil(subject.hasFocus)
    by_other_means = subject.grab().toImage()
    other.setFocus()
    QTest.keyClick(other, Qt.Key.Key_Tab)
    qtbot.waitUntil(subject.hasFocus)
    assert page.testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange)
    by_tab = subject.grab().toImage()
    assert by_tab == by_other_means
    assert by_tab != unfocused
