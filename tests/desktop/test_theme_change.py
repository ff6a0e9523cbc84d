"""W20: a theme that changes reaches what is there, and nothing that is gone."""

from typing import Any, cast

import shiboken6
from pytestqt.exceptions import capture_exceptions
from pytestqt.qtbot import QtBot

from rollbook_desktop.viewmodels.first_start import FirstStart
from rollbook_desktop.widgets.theme import Theme
from rollbook_desktop.windows.first_start_page import FirstStartPage


def test_w20_a_page_that_is_gone_is_not_told_of_a_new_theme(qtbot: QtBot, theme: Theme) -> None:
    nobody = cast("Any", None)
    page = FirstStartPage(theme, FirstStart(nobody, nobody, nobody))
    shiboken6.delete(page)
    with capture_exceptions() as failures:
        theme.changed.emit()
    assert failures == []
