"""R20: the guides are read in the window, by keyboard alone, in both themes."""

import re

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QTextFormat
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QListWidget
from pytestqt.qtbot import QtBot

from rollbook.help_guides import guides
from rollbook_desktop.widgets.buttons import PlaceButton
from rollbook_desktop.widgets.guide_view import GuideView
from rollbook_desktop.widgets.theme import DARK, LIGHT, Theme, ThemeChoice
from rollbook_desktop.windows.workspace import STUDENTS, Workspace


@pytest.fixture
def view(qtbot: QtBot, workspace: Workspace) -> GuideView:
    """What F1 shows."""
    workspace.go_to(STUDENTS)
    QTest.keyClick(workspace, Qt.Key.Key_F1)
    found = workspace.findChild(GuideView, "guide")
    assert found is not None
    assert found.isVisible()
    return found


def listed(workspace: Workspace) -> QListWidget:
    """The list of the guides."""
    found = workspace.findChild(QListWidget, "guides")
    assert found is not None
    return found


def shown(view: GuideView) -> str:
    """The title of the guide that is shown."""
    return view.document().firstBlock().text()


def test_r20_every_guide_is_read_by_the_arrow_keys(workspace: Workspace, view: GuideView) -> None:
    title = workspace.findChild(QLabel, "placeTitle")
    assert title is not None
    assert title.text() == "Help"
    for number, guide in enumerate(guides()):
        assert shown(view) == guide.title
        text = view.toPlainText()
        assert len(text) > 500
        assert "**" not in text
        assert "](" not in text
        assert number == listed(workspace).currentRow()
        QTest.keyClick(listed(workspace), Qt.Key.Key_Down)


def test_r20_the_keys_that_the_guides_name_lead_there(workspace: Workspace) -> None:
    named = {
        found for guide in guides() for found in re.findall(r"([A-Z]\w+(?: \w+)? \(Ctrl\+\d\))", guide.text)
    }
    places = {button.toolTip() for button in workspace.findChildren(PlaceButton)}
    assert len(named) >= 2
    assert {each for each in named if not any(each.endswith(place) for place in places)} == set()


def test_r20_a_link_leads_to_another_guide_by_tab_and_enter(workspace: Workspace, view: GuideView) -> None:
    workspace.activateWindow()
    view.setFocus()
    before = shown(view)
    QTest.keyClick(view, Qt.Key.Key_Tab)  # the first link, which is a conflict's
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert before == "Working offline"
    assert shown(view) == "Choosing in a conflict"
    assert listed(workspace).currentItem().text() == "Choosing in a conflict"


def test_r20_a_link_to_a_heading_brings_it_to_the_top(
    qtbot: QtBot, workspace: Workspace, view: GuideView
) -> None:
    view.followed.emit("troubleshooting.md#the-server-answers-slowly")
    assert shown(view) == "Troubleshooting"
    assert view.textCursor().block().text() == "The server answers slowly"
    assert view.verticalScrollBar().value() > 0
    view.followed.emit("#find-out-what-happened")
    assert view.textCursor().block().text() == "Find out what happened"
    view.followed.emit("https://example.org/")  # leads nowhere: nothing is loaded
    assert shown(view) == "Troubleshooting"


def test_r20_the_guide_takes_the_themes_colours_and_type(
    qapp: QApplication, theme: Theme, workspace: Workspace, view: GuideView
) -> None:
    try:
        for choice, colours in ((ThemeChoice.DARK, DARK), (ThemeChoice.LIGHT, LIGHT)):
            theme.choose(choice)
            letters = view.document().firstBlock().begin().fragment().charFormat()
            assert letters.foreground().color() == QColor(colours.text)
            assert letters.fontPointSize() == theme.font("title").pointSizeF()
            assert not letters.hasProperty(QTextFormat.Property.FontSizeAdjustment.value)
            assert view.viewport().palette().base().color() == QColor(colours.surface)
    finally:
        theme.choose(ThemeChoice.SYSTEM)
