"""The window of an account by keys alone, over the real client (W1, W2, W5, W6, W11, W16, W19)."""

from collections.abc import Callable
from typing import TypeVar

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from rollbook.client.facade import Client
from rollbook.client.values import Saved
from rollbook_desktop.viewmodels.desk import Desk
from rollbook_desktop.viewmodels.error_report import ErrorReport
from rollbook_desktop.widgets.dialog import Question
from rollbook_desktop.widgets.list_view import ListView
from rollbook_desktop.windows.error_dialog import ErrorDialog
from rollbook_desktop.windows.workspace import HELP, SYNC, Workspace
from support.desk import change, student

Found = TypeVar("Found", bound=QObject)


def part(root: QWidget, kind: type[Found], name: str) -> Found:
    """The widget of that name."""
    found = root.findChild(kind, name)
    assert found is not None, name
    return found


def text_of(root: QWidget, name: str) -> str:
    """What the label says."""
    return part(root, QLabel, name).text()


def press(
    widget: QWidget, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    """Press a key where the focus is."""
    QTest.keyClick(QApplication.focusWidget() or widget, key, modifier)


def type_text(text: str) -> None:
    """Type where the focus is."""
    QTest.keyClicks(QApplication.focusWidget(), text)


@pytest.fixture
def people(client: Client) -> list[Saved]:
    """Two students, waiting to be sent."""
    return [student(client, "Haddad", "Hana"), student(client, "Müller", "Anna", phone="030 1")]


@pytest.fixture
def window(qtbot: QtBot, people: list[Saved], workspace: Workspace, desk: Desk) -> Workspace:
    """The window with its list filled."""
    qtbot.waitExposed(workspace)
    workspace.activateWindow()
    qtbot.waitUntil(lambda: desk.students.rowCount() == len(people))
    return workspace


def waited(qtbot: QtBot, check: Callable[[], bool]) -> None:
    """Wait until ``check`` holds."""
    qtbot.waitUntil(check, timeout=5000)


def test_w19_find_and_change_a_student_by_keys_alone(
    qtbot: QtBot, window: Workspace, desk: Desk, client: Client, people: list[Saved]
) -> None:
    press(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    type_text("anna")
    waited(qtbot, lambda: desk.students.rowCount() == 1)
    press(window, Qt.Key.Key_Down)
    waited(qtbot, lambda: desk.student_form.record_id == people[1].entity_id)
    press(window, Qt.Key.Key_Return)
    waited(qtbot, lambda: QApplication.focusWidget().objectName() == "family_name")
    while QApplication.focusWidget().objectName() != "phone":
        press(window, Qt.Key.Key_Tab)
    phone = part(window, QLineEdit, "phone")
    assert phone.text() == "030 1"
    phone.selectAll()
    type_text("030 22")
    press(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    waited(qtbot, lambda: text_of(window, "formSaid").startswith("Saved on this computer"))
    row = client.record("student", people[1].entity_id)
    assert row is not None
    assert row.values["phone"] == "030 22"


def test_w19_tab_goes_through_the_form_in_its_order(qtbot: QtBot, window: Workspace, desk: Desk) -> None:
    part(window, ListView, "students").go_to(0)
    waited(qtbot, lambda: desk.student_form.is_open)
    wanted = [field.name for section in desk.student_sections for field in section.fields]
    part(window, QWidget, wanted[0]).setFocus()
    passed = []
    for _ in wanted:
        passed.append(QApplication.focusWidget().objectName())
        press(window, Qt.Key.Key_Tab)
    assert passed == wanted


def test_w11_an_error_is_at_its_field_which_has_the_focus(
    qtbot: QtBot, window: Workspace, desk: Desk
) -> None:
    part(window, ListView, "students").go_to(0)
    waited(qtbot, lambda: desk.student_form.is_open)
    part(window, QLineEdit, "email").setFocus()
    type_text("nonsense")
    part(window, QLineEdit, "birth_date").setFocus()
    type_text("2014-02-31")
    part(window, QLineEdit, "phone").setFocus()
    press(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    waited(qtbot, lambda: "2014-02-28" in text_of(window, "birth_dateError"))
    assert part(window, QLabel, "emailError").isVisible()
    assert QApplication.focusWidget().objectName() == "birth_date"
    assert part(window, QLineEdit, "birth_date").text() == "2014-02-31"
    assert "2014-02-28" in part(window, QLineEdit, "birth_date").accessibleDescription()
    part(window, QLineEdit, "birth_date").selectAll()
    type_text("2014-02-28")  # its error goes with the first key; the e-mail's is still there
    assert QApplication.focusWidget().objectName() == "birth_date"
    assert part(window, QLineEdit, "birth_date").text() == "2014-02-28"
    assert part(window, QLineEdit, "email").text() == "nonsense"


def test_w2_pill_and_sync_centre_say_the_same_words(qtbot: QtBot, window: Workspace, desk: Desk) -> None:
    pill = part(window, QAbstractButton, "statusPill")
    waited(qtbot, lambda: pill.text().endswith("2 waiting"))
    window.go_to(SYNC)
    assert text_of(window, "syncHeadline") == pill.text()
    desk.session.work_offline(True)
    waited(qtbot, lambda: pill.text() == "Working offline · 2 waiting")
    assert text_of(window, "syncHeadline") == pill.text()


def test_w1_enter_on_the_pill_opens_the_details(qtbot: QtBot, window: Workspace) -> None:
    pill = part(window, QAbstractButton, "statusPill")
    assert pill.focusPolicy() & Qt.FocusPolicy.TabFocus
    pill.setFocus()
    press(window, Qt.Key.Key_Return)
    details = part(window, QWidget, "statusDetails")
    waited(qtbot, details.isVisible)
    assert "waiting to be sent" in " ".join(label.text() for label in details.findChildren(QLabel))
    QTest.keyClick(details, Qt.Key.Key_Escape)
    waited(qtbot, lambda: window.findChild(QWidget, "statusDetails") is None)


def test_w6_the_sync_centre_says_who_what_and_when(
    qtbot: QtBot, window: Workspace, desk: Desk, client: Client, people: list[Saved]
) -> None:
    change(client, people[1], phone="030 9")
    window.go_to(SYNC)
    waited(qtbot, lambda: desk.entries.rowCount() == 3)
    entries = part(window, ListView, "entries")
    entries.go_to(2)
    assert "Anna" in text_of(window, "entryTitle")
    assert "by maria" in text_of(window, "entryWhat")
    assert text_of(window, "entryState") == "Waiting to be sent  ·  0 attempts"
    texts = [label.text() for label in window.findChildren(QLabel)]
    assert "030 1  →  030 9" in texts
    assert part(window, QLineEdit, "entryRequestId").text()


def test_s6_an_entry_never_sent_is_taken_back(
    qtbot: QtBot, window: Workspace, desk: Desk, client: Client, people: list[Saved]
) -> None:
    changed = change(client, people[1], phone="030 9")
    window.go_to(SYNC)
    waited(qtbot, lambda: desk.entries.rowCount() == 3)
    part(window, ListView, "entries").go_to(2)
    part(window, QAbstractButton, "takeBackEntry").click()
    waited(qtbot, lambda: desk.entries.rowCount() == 2)
    assert changed.op_id is not None
    assert client.entry(changed.op_id) is None
    row = client.record("student", people[1].entity_id)
    assert row is not None
    assert row.values["phone"] == "030 1"


def test_w6_discarding_asks_first_and_keeping_keeps(
    qtbot: QtBot, window: Workspace, desk: Desk, client: Client, people: list[Saved]
) -> None:
    change(client, people[1], phone="030 9")
    window.go_to(SYNC)
    waited(qtbot, lambda: desk.entries.rowCount() == 3)
    part(window, ListView, "entries").go_to(2)
    for answer, left in (("keepEntry", 3), ("confirmDiscard", 2)):
        part(window, QAbstractButton, "discardEntry").click()
        question = part(window.window(), Question, "question")
        assert "cannot be undone" in text_of(question, "questionText")
        part(question, QAbstractButton, answer).click()
        waited(qtbot, lambda: window.window().findChild(Question, "question") is None)
        waited(qtbot, lambda left=left: desk.entries.rowCount() == left)


def test_w16_no_match_offers_the_way_back(qtbot: QtBot, window: Workspace, desk: Desk) -> None:
    press(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    type_text("zzz")
    waited(qtbot, lambda: text_of(window, "studentsNoticeTitle") == "No student matches")
    part(window, QAbstractButton, "studentsNoticeAction").click()
    waited(qtbot, lambda: desk.students.rowCount() == 2)
    assert part(window, QLineEdit, "search").text() == ""


def test_w9_the_error_dialog_says_all_and_copies_the_request_id(qtbot: QtBot, window: Workspace) -> None:
    window.show_report(
        ErrorReport(
            title="The school did not accept the entry for Anna Müller.",
            cause="Another student has this student number.",
            safety="Your entry is safe: it is saved on this computer.",
            next_step="Give a new number.",
            reference="01900000-0000-7000-8000-0000000000ff",
            details="error: student-number-taken",
            op_id="an operation",
        )
    )
    dialog = part(window.window(), ErrorDialog, "errorDialog")
    qtbot.waitExposed(dialog)
    for name, words in (
        ("dialogTitle", "did not accept"),
        ("errorCause", "Another student"),
        ("errorSafety", "is safe"),
        ("errorNextStep", "Give a new number"),
    ):
        label = part(dialog, QLabel, name)
        assert words in label.text()
        assert label.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByKeyboard
    assert part(dialog, QLineEdit, "requestId").isReadOnly()
    copy = part(dialog, QAbstractButton, "requestIdCopy")
    assert copy.text() == "Copy"
    copy.click()
    assert QGuiApplication.clipboard().text() == "01900000-0000-7000-8000-0000000000ff"
    part(dialog, QAbstractButton, "copyDetails").click()
    assert QGuiApplication.clipboard().text() == "error: student-number-taken"
    part(dialog, QAbstractButton, "closeError").click()
    waited(qtbot, lambda: window.window().findChild(ErrorDialog) is None)


@pytest.mark.parametrize("place", range(HELP + 1))
def test_w19_every_control_that_takes_the_focus_has_a_name(
    qtbot: QtBot, window: Workspace, desk: Desk, place: int
) -> None:
    part(window, ListView, "students").go_to(0)
    waited(qtbot, lambda: desk.student_form.is_open)
    window.go_to(place)
    controls = [
        widget
        for widget in window.findChildren(QWidget)
        if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    ]
    assert len(controls) > 2
    assert [widget.objectName() for widget in controls if not has_name(window, widget)] == []


def has_name(window: QWidget, widget: QWidget) -> bool:
    """Whether a screen reader has something to say for it: its own words, or its label's."""
    own = widget.text() if isinstance(widget, QAbstractButton) else ""
    labels = window.findChildren(QLabel)
    return bool(widget.accessibleName() or own or any(label.buddy() is widget for label in labels))
