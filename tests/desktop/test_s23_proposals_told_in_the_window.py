"""S23: a registrar's window tells of proposals that wait, as of when, and how they are decided."""

from collections.abc import Callable

from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from rollbook.client.facade import Client
from rollbook.store import open_proposals
from rollbook.store.database import open_store
from rollbook_desktop.viewmodels import moments
from rollbook_desktop.viewmodels.desk import Desk
from rollbook_desktop.windows.workspace import SYNC, Workspace

AT = "2026-11-24T09:00:00+00:00"


def _told(client: Client, count: int | None) -> None:
    """As the school tells it with the feed's head."""
    store = open_store(client.account.store)
    with store.write() as connection:
        open_proposals.take(connection, count, AT)
    store.close()


def _label(workspace: Workspace, name: str) -> QLabel:
    found = workspace.findChild(QLabel, name)
    assert found is not None
    return found


def _says(workspace: Workspace, name: str, words: str) -> Callable[[], bool]:
    return lambda: _label(workspace, name).text() == words


def test_s23_the_sync_centre_tells_of_proposals_and_does_not_say_that_nothing_is_to_be_decided(
    qtbot: QtBot, workspace: Workspace, desk: Desk, client: Client
) -> None:
    workspace.go_to(SYNC)
    qtbot.waitUntil(_says(workspace, "entriesNoticeTitle", "Nothing is waiting"))
    assert not _label(workspace, "proposalsBanner").isVisible()
    for count, wait in ((1, "1 proposal waits"), (2, "2 proposals wait")):
        _told(client, count)
        desk.status.ask()
        words = f"{wait} for your decision, as of {moments.at(AT)}. Decide with the command: "
        qtbot.waitUntil(_says(workspace, "proposalsBanner", words + "rollbookctl proposals list"))
        assert _label(workspace, "proposalsBanner").isVisible()
        assert _label(workspace, "entriesNoticeTitle").text() == "None of your own entries is waiting"
        assert "left to be sent or decided" not in _label(workspace, "entriesNoticeText").text()
        assert desk.status.words is not None
        told = dict(desk.status.words.rows)["Proposals"]
        assert told.startswith(f"{wait} for your decision, as of ")
        assert moments.at(AT) in told
    _told(client, 0)
    desk.status.ask()
    qtbot.waitUntil(_says(workspace, "entriesNoticeTitle", "Nothing is waiting"))
    assert not _label(workspace, "proposalsBanner").isVisible()
    assert desk.status.words is not None
    assert "Proposals" not in dict(desk.status.words.rows)


def test_s23_one_who_decides_none_is_told_of_none(
    qtbot: QtBot, workspace: Workspace, desk: Desk, client: Client
) -> None:
    _told(client, None)
    desk.status.ask()
    qtbot.waitUntil(lambda: desk.status.status is not None)
    workspace.go_to(SYNC)
    assert not _label(workspace, "proposalsBanner").isVisible()
    assert _label(workspace, "entriesNoticeTitle").text() == "Nothing is waiting"
