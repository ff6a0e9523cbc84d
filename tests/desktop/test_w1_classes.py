"""W1: the classes that are held now stand in the list, and those of other years at wish."""

from datetime import UTC, datetime

import pytest
from pytestqt.qtbot import QtBot

from rollbook.client.facade import Client
from rollbook.client.values import Edit
from rollbook_desktop.viewmodels.desk import Desk
from rollbook_desktop.viewmodels.record_table import ListState
from rollbook_desktop.windows.workspace import Workspace
from support.window_parts import button

YEAR = datetime.now(UTC).astimezone().year


@pytest.fixture
def _two_years(client: Client) -> None:
    """A class of this year, its namesake of years ago, and a choir that has no year."""
    now, past = client.new_run(), client.new_run()
    years = {now: ("this", YEAR), past: ("that", YEAR - 5)}
    sessions = [
        Edit("academic_session", session, {"title": title, "type": "school_year", **days(year)})
        for session, (title, year) in years.items()
    ]
    sections = [
        Edit("section", None, {"title": "1A", "location": place, "academic_session_id": session})
        for session, place in ((now, "here"), (past, "there"))
    ]
    client.save_many([*sessions, *sections, Edit("section", None, {"title": "Choir"})], client.new_run())


def days(year: int) -> dict[str, str]:
    return {"start_date": f"{year}-01-01", "end_date": f"{year}-12-31"}


def shown(desk: Desk) -> list[tuple[str, str]]:
    """Titles and rooms of the classes that are listed."""
    table = desk.classes.table
    rows = [table.row(number) for number in range(table.total)]
    return [(row.values["title"], row.values["location"] or "") for row in rows if row is not None]


@pytest.mark.usefixtures("_two_years")
def test_w1_last_years_class_is_not_taken_for_this_years(
    qtbot: QtBot, workspace: Workspace, desk: Desk
) -> None:
    qtbot.waitUntil(lambda: shown(desk) == [("1A", "here"), ("Choir", "")])
    others = button(workspace, "otherYears")
    others.click()
    qtbot.waitUntil(lambda: len(shown(desk)) == 3)
    others.click()
    qtbot.waitUntil(lambda: len(shown(desk)) == 2)


def test_w1_before_a_class_is_chosen_the_page_shows_today_and_can_be_stepped(
    qtbot: QtBot, workspace: Workspace, desk: Desk
) -> None:
    qtbot.waitUntil(lambda: desk.classes.table.state is ListState.EMPTY)
    assert desk.register.day == datetime.now(UTC).astimezone().date().isoformat()
    button(workspace, "dayBefore").click()
    assert desk.register.problem == ""
    assert desk.register.register is None
