"""H2: what a person types goes one way: a command, one transaction, then the news of it, then the window."""

import dataclasses
import sqlite3
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from rollbook.client.facade import Client
from rollbook.client.values import Edit
from rollbook.sync.events import Event, RecordsChanged
from rollbook_desktop.viewmodels.desk import Desk
from rollbook_desktop.windows.workspace import Workspace
from support.desk import student


class Onlooker:
    """Looks into the store's file, as any other program would, at the moment that a change is told."""

    def __init__(self, client: Client) -> None:
        self._file = client.account.store
        self.seen: list[tuple[object, ...]] = []
        self.leave = client.subscribe(self._listen)

    def _listen(self, event: Event) -> None:
        if isinstance(event, RecordsChanged):
            self.seen.append(self.look())

    def look(self) -> tuple[object, ...]:
        """The phone that the list has, and how many edits of it wait."""
        connection = sqlite3.connect(self._file)
        try:
            [(phone,)] = connection.execute("SELECT phone FROM student")
            waiting = "SELECT count(*) FROM operation WHERE kind = 'update' AND changes LIKE '%030 7%'"
            return phone, *connection.execute(waiting).fetchone()
        finally:
            connection.close()


@pytest.fixture
def onlooker(client: Client) -> Iterator[Onlooker]:
    student(client, "Haddad", "Hana", phone="030 1")
    one = Onlooker(client)
    yield one
    one.leave()


def test_h2_an_edit_is_told_once_replica_and_outbox_have_it_and_the_window_asks_anew(
    qtbot: QtBot, onlooker: Onlooker, workspace: Workspace, desk: Desk
) -> None:
    qtbot.waitUntil(lambda: desk.students.row(0) is not None)
    row = desk.students.row(0)
    assert row is not None
    desk.student_form.open(row.id)
    qtbot.waitUntil(lambda: desk.student_form.is_open)
    phone = workspace.findChild(QLineEdit, "phone")
    assert phone is not None
    phone.setFocus()
    phone.selectAll()
    qtbot.keyClicks(phone, "030 7")
    assert onlooker.look() == ("030 1", 0)  # typing is no entry
    desk.student_form.save()
    qtbot.waitUntil(lambda: bool(onlooker.seen))
    assert set(onlooker.seen) == {("030 7", 1)}  # never the one without the other, never before
    qtbot.waitUntil(lambda: (shown := desk.students.row(0)) is not None and shown.values["phone"] == "030 7")


def test_h2_a_command_is_a_value_that_nobody_changes_on_its_way() -> None:
    edit = Edit("student", None, {"phone": "030 7"})
    with pytest.raises(dataclasses.FrozenInstanceError):
        edit.entity = "school"  # type: ignore[misc]
