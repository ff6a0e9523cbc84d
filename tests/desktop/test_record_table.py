"""W12, W15, W16: the list of students over the real store."""

from datetime import UTC, datetime

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from pytestqt.qtbot import QtBot

from rollbook.client.facade import Client
from rollbook.client.values import Edit
from rollbook_desktop.viewmodels.columns import STUDENT_COLUMNS
from rollbook_desktop.viewmodels.desk import Desk
from rollbook_desktop.viewmodels.record_table import ListState, RecordTable
from rollbook_desktop.widgets.list_view import ListView
from support.desk import change, student

KEYS = [column.key for column in STUDENT_COLUMNS]


def texts(table: RecordTable, column: str = "name") -> list[str]:
    """What the column shows, row by row."""
    number = KEYS.index(column)
    return [table.data(table.index(row, number)) for row in range(table.rowCount())]


def shown(qtbot: QtBot, table: RecordTable, names: list[str]) -> None:
    """Wait until the list shows these names."""
    qtbot.waitUntil(lambda: texts(table) == names)


def test_w16_empty_no_match_and_shown_are_told_apart(qtbot: QtBot, desk: Desk, client: Client) -> None:
    table = desk.students
    assert table.state is ListState.LOADING
    table.refresh()
    qtbot.waitUntil(lambda: table.state is ListState.EMPTY)
    student(client, "Haddad", "Hana")
    qtbot.waitUntil(lambda: table.state is ListState.SHOWN)
    table.search("zzz")
    qtbot.waitUntil(lambda: table.state is ListState.NO_MATCH)
    table.search("")
    qtbot.waitUntil(lambda: table.state is ListState.SHOWN)


def test_w16_a_store_that_cannot_be_read_is_said(
    qtbot: QtBot, desk: Desk, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_query: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(client, "records", broken)
    desk.students.refresh()
    qtbot.waitUntil(lambda: desk.students.state is ListState.UNAVAILABLE)
    assert desk.students.problem == "the disk is gone"


def test_d5_any_order_of_names_and_the_phone_find_a_student(qtbot: QtBot, desk: Desk, client: Client) -> None:
    student(client, "Müller", "Anna", phone="+49 30 1234")
    student(client, "Haddad", "Hana")
    table = desk.students
    table.refresh()
    shown(qtbot, table, ["Haddad, Hana", "Müller, Anna"])
    for typed in ("anna mul", "muller", "Müller A", "1234"):
        table.search("")
        shown(qtbot, table, ["Haddad, Hana", "Müller, Anna"])
        table.search(typed)
        shown(qtbot, table, ["Müller, Anna"])


def test_w12_only_the_last_of_many_keystrokes_is_shown(qtbot: QtBot, desk: Desk, client: Client) -> None:
    for name in ("Ada", "Adam", "Adamina"):
        student(client, "Stone", name)
    table = desk.students
    table.refresh()
    qtbot.waitUntil(lambda: table.rowCount() == 3)
    seen: list[int] = []
    table.renewed.connect(lambda: seen.append(table.rowCount()))
    for typed in ("a", "ad", "ada", "adam", "adami"):
        table.search(typed)
    qtbot.waitUntil(lambda: bool(seen))
    qtbot.wait(100)
    assert seen == [1]


def test_w12_sql_sorts_by_the_column(qtbot: QtBot, desk: Desk, client: Client) -> None:
    for name, number in (("Adler", "3"), ("Brown", "1"), ("Clark", "2")):
        student(client, name, "Kim", student_number=number)
    table = desk.students
    table.refresh()
    shown(qtbot, table, ["Adler, Kim", "Brown, Kim", "Clark, Kim"])
    table.sort(KEYS.index("student_number"), Qt.SortOrder.DescendingOrder)
    shown(qtbot, table, ["Adler, Kim", "Clark, Kim", "Brown, Kim"])


def test_w12_rows_beyond_the_first_page_are_fetched_when_they_come_into_sight(
    qtbot: QtBot, desk: Desk, client: Client
) -> None:
    client.save_many(
        [Edit("student", None, {"family_name": f"Name{number:04}"}) for number in range(450)], "run"
    )
    table = desk.students
    table.refresh()
    qtbot.waitUntil(lambda: table.rowCount() == 450)
    last = table.index(449, 0)
    assert table.data(last) == "…"
    qtbot.waitUntil(lambda: table.data(last) == "Name0449")


def test_w15_selection_follows_the_student_through_a_refresh(
    qtbot: QtBot, desk: Desk, client: Client
) -> None:
    for name in ("Brown", "Clark", "Davis"):
        student(client, name, "Kim")
    table = desk.students
    table.refresh()
    qtbot.waitUntil(lambda: table.rowCount() == 3)
    view = ListView("students", "Students")
    qtbot.addWidget(view)
    view.show_model(table, tuple(column.width for column in STUDENT_COLUMNS))
    view.selectionModel().setCurrentIndex(
        table.index(1, 0),
        QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows,
    )
    student(client, "Adler", "Kim")
    shown(qtbot, table, ["Adler, Kim", "Brown, Kim", "Clark, Kim", "Davis, Kim"])
    assert view.current_row == 2
    assert {index.row() for index in view.selectionModel().selectedRows()} == {2}


def test_w5_a_waiting_record_is_marked_by_icon_and_text(qtbot: QtBot, desk: Desk, client: Client) -> None:
    saved = student(client, "Haddad", "Hana")
    change(client, saved, phone="+30 210")
    table = desk.students
    table.refresh()
    qtbot.waitUntil(lambda: texts(table, "mark") == ["Waiting"])
    icon = table.data(table.index(0, KEYS.index("mark")), Qt.ItemDataRole.DecorationRole)
    assert not icon.isNull()


def test_w12_a_busy_sync_does_not_keep_the_list_from_showing(
    qtbot: QtBot, desk: Desk, client: Client
) -> None:
    table = desk.students
    table.refresh()
    begun = datetime.now(UTC)
    for number in range(60):
        student(client, f"Name{number:03}", "Kim")
        qtbot.wait(5)
    assert table.rowCount() > 0, f"nothing was shown in {datetime.now(UTC) - begun} of steady change"
    qtbot.waitUntil(lambda: table.rowCount() == 60)
