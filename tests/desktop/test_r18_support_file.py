"""R18: the Support page makes one file for support, and says where it could not."""

import zipfile
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QFileDialog, QLabel
from pytestqt.qtbot import QtBot

from rollbook.client.facade import Client
from rollbook_desktop.viewmodels.desk import Desk
from rollbook_desktop.windows.error_dialog import ErrorDialog
from rollbook_desktop.windows.workspace import SUPPORT, Workspace
from support.desk import student


def choose(window: Workspace, file: Path) -> None:
    """Press the button by a key, and name the file."""
    window.go_to(SUPPORT)
    button = window.findChild(QAbstractButton, "makeSupportFile")
    assert button is not None
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Return)
    dialog = window.findChild(QFileDialog)
    assert dialog is not None
    dialog.fileSelected.emit(str(file))
    dialog.reject()


def test_r18_the_file_is_made_by_one_button_and_names_nobody(
    qtbot: QtBot, workspace: Workspace, desk: Desk, client: Client, tmp_path: Path
) -> None:
    student(client, "Qwyjibo", "Zzyzx")
    with qtbot.waitSignal(desk.support_file.made, timeout=10_000) as made:
        choose(workspace, tmp_path / "for-support.zip")
    assert made.args == ["for-support.zip is written."]
    with zipfile.ZipFile(tmp_path / "for-support.zip") as bundle:
        text = b"".join(bundle.read(name) for name in bundle.namelist()).decode()
    assert '"qt": "6' in text
    assert '"queued": 1' in text
    assert not [word for word in ("Qwyjibo", "Zzyzx", "maria") if word in text]


@pytest.mark.parametrize(
    ("place", "cause"), [("nowhere/bundle.zip", "There is no such folder."), ("", "That is a folder.")]
)
def test_r18_a_place_that_cannot_be_written_is_said(
    qtbot: QtBot, workspace: Workspace, desk: Desk, tmp_path: Path, place: str, cause: str
) -> None:
    with qtbot.waitSignal(desk.support_file.failed, timeout=10_000):
        choose(workspace, tmp_path / place)
    dialog = workspace.window().findChild(ErrorDialog)
    assert dialog is not None
    found = dialog.findChild(QLabel, "errorCause")
    assert found is not None
    assert found.text() == cause
    assert dialog.findChild(QAbstractButton, "findThisRequest") is None  # no request was made
