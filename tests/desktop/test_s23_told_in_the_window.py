"""S23: the window tells what the registrar decided on one's own entries, until it was read."""

from functools import partial

import pytest
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import update

from rollbook.client.facade import Client
from rollbook.contract.feed import Change
from rollbook.contract.proposals import PROPOSAL, ProposalState
from rollbook.contract.scope import ScopeChange, entry_of
from rollbook.domain.scope import as_text, scopes_of_role
from rollbook.store import decisions
from rollbook.store.database import open_store
from rollbook.store.scopes import take_told
from rollbook.store.states import State
from rollbook.store.tables import OPERATION
from rollbook_desktop.viewmodels.desk import Desk
from rollbook_desktop.viewmodels.record_table import ListState
from rollbook_desktop.widgets.banner import Toast
from rollbook_desktop.widgets.fields import Field
from rollbook_desktop.windows.decisions_dialog import DecisionsDialog
from rollbook_desktop.windows.workspace import Workspace
from support.desk import student


@pytest.fixture
def handed(client: Client) -> str:
    """An entry that is with the registrar."""
    op_id = student(client, "Papadopoulou", "Eleni").op_id
    assert op_id is not None
    _write(client, lambda connection: connection.execute(update(OPERATION).values(state=State.HANDED_OVER)))
    return op_id


def _write(client: Client, work: object) -> None:
    store = open_store(client.account.store)
    with store.write() as connection:
        work(connection)  # type: ignore[operator]
    store.close()


def _decided(client: Client, op_id: str, state: ProposalState, note: str) -> None:
    told = Change(
        PROPOSAL, op_id, 1, {"state": state.value, "note": note}, by="Ada", at="2026-11-24T09:00:00+00:00"
    )
    _write(client, lambda connection: decisions.take(connection, op_id, state, told))


def _text(root: QWidget, name: str) -> str:
    found = root.findChild(QLabel, name)
    assert found is not None, name
    return found.text()


def test_s23_what_the_registrar_has_is_said_while_it_is_undecided(
    qtbot: QtBot, handed: str, workspace: Workspace, desk: Desk
) -> None:
    qtbot.waitUntil(lambda: desk.status.status is not None and desk.status.status.handed_over == 1)
    assert desk.status.words is not None
    assert "1 handed to the registrar, who decides" in dict(desk.status.words.rows)["Outstanding"]


def test_s23_a_declined_entry_stays_in_the_window_until_it_was_read(
    qtbot: QtBot, handed: str, workspace: Workspace, desk: Desk, client: Client
) -> None:
    _decided(client, handed, ProposalState.DECLINED, "She stays in 7A")
    desk.status.ask()
    qtbot.waitUntil(lambda: _text(workspace, "decisionsBanner") != "")
    assert _text(workspace, "decisionsBanner") == (
        "The registrar did not accept 1 entry. It is not at the school."
    )
    assert desk.status.words is not None
    assert "1 not accepted" in desk.status.words.text
    button = workspace.findChild(QAbstractButton, "decisionsBannerAction")
    assert button is not None
    button.click()
    dialog = workspace.window().findChild(DecisionsDialog)
    assert isinstance(dialog, DecisionsDialog)
    assert _text(dialog, "decisionNote") == "Note: She stays in 7A"
    assert _text(dialog, "decisionWhich").startswith("New student: Eleni Papadopoulou, entered")
    assert "Given name: nothing → Eleni" in _text(dialog, "decisionChanges")
    read = dialog.findChild(QAbstractButton, "decisionsRead")
    assert read is not None
    read.click()
    qtbot.waitUntil(lambda: client.status().decisions == ())
    qtbot.waitUntil(lambda: _text(workspace, "decisionsBanner") == "")
    desk.entries.refresh()
    qtbot.waitUntil(lambda: desk.entries.rowCount() == 0)
    assert _text(workspace, "entriesNoticeText") == "No entry on this computer is left to be sent or decided."


def test_s23_an_accepted_entry_is_told_calmly(
    qtbot: QtBot, handed: str, workspace: Workspace, desk: Desk, client: Client
) -> None:
    _decided(client, handed, ProposalState.ACCEPTED, "")
    desk.status.ask()
    qtbot.waitUntil(
        lambda: _text(workspace, "decisionsBanner") == "The registrar accepted 1 entry. It is at the school."
    )
    assert desk.status.words is not None
    assert "not accepted" not in desk.status.words.text


def _has_role(client: Client, role: str, version: int) -> None:
    """The feed tells this user another role, with all that it allows."""
    change = ScopeChange(version, role, as_text(scopes_of_role(role)))
    told = entry_of(client.account.user_id, change, by="ada", at="2026-11-24T09:00:00+00:00")
    _write(client, lambda connection: take_told(connection, [told], at_head=True))


def _ends_with(workspace: Workspace, words: str) -> bool:
    return _text(workspace, "signedInAs").endswith(words)


def test_s23_a_changed_role_is_told_and_closes_and_opens_the_form(
    qtbot: QtBot, workspace: Workspace, desk: Desk, client: Client
) -> None:
    desk.student_form.open_new()
    qtbot.waitUntil(lambda: bool(workspace.findChildren(Field)))
    (editor,) = [each.editor for each in workspace.findChildren(Field) if each.name == "given_name"]
    add = workspace.findChild(QAbstractButton, "addStudent")
    assert isinstance(editor, QLineEdit)
    assert add is not None
    editor.setText("Typed")
    desk.student_form.edit("given_name", "Typed")
    changes = ((1, "viewer", "Viewer", False), (2, "registrar", "Registrar", True))
    for version, role, words, may_write in changes:
        _has_role(client, role, version)
        desk.status.ask()
        qtbot.waitUntil(partial(_ends_with, workspace, words))
        assert _text(workspace, "accountRole") == words
        assert editor.isReadOnly() is not may_write
        assert add.isEnabled() is may_write
        assert editor.text() == "Typed", "what was typed stays"
        toast = workspace.findChild(Toast)
        assert isinstance(toast, Toast)
        assert toast.text == f"Your role is now: {words}."


def _windows() -> list[QWidget]:
    """What stands on the screen by itself; a question of an earlier test may not be gone yet."""
    shown = (each for each in QApplication.topLevelWidgets() if each.isVisible())
    return [each for each in shown if not isinstance(each, QDialog)]


def test_s23_a_change_of_role_opens_no_second_window(
    qtbot: QtBot, workspace: Workspace, desk: Desk, client: Client
) -> None:
    """Found by the keyboard's focus that was gone: a button without a place had become a window."""
    assert _windows() == [workspace.window()]
    for version, role in enumerate(("viewer", "registrar"), start=1):
        _has_role(client, role, version)
        desk.status.ask()
        qtbot.waitUntil(partial(_ends_with, workspace, role.title()))
    assert _windows() == [workspace.window()]


def test_s23_one_who_may_not_add_is_not_told_to_add(
    qtbot: QtBot, workspace: Workspace, desk: Desk, client: Client
) -> None:
    """Neither beside the list, nor where the list is empty."""
    qtbot.waitUntil(lambda: desk.students.state is ListState.EMPTY)
    for version, role in enumerate(("viewer", "registrar", "viewer"), start=1):
        _has_role(client, role, version)
        desk.status.ask()
        qtbot.waitUntil(partial(_ends_with, workspace, role.title()))
        may_add = role == "registrar"
        beside, instead = _text(workspace, "noStudentText"), _text(workspace, "studentsNoticeText")
        action = workspace.findChild(QAbstractButton, "studentsNoticeAction")
        assert action is not None
        assert ("Ctrl+N" in beside) is may_add
        assert beside.startswith("Choose one in the list")
        assert ("add the first one" in instead) is may_add
        assert action.isHidden() is not may_add
