"""W13: a register is taken by keys alone; nothing of it goes away unasked."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDateEdit, QLabel
from pytestqt.qtbot import QtBot

from rollbook.client.facade import Client
from rollbook.client.values import Edit, RecordQuery
from rollbook_desktop.viewmodels.desk import Desk
from rollbook_desktop.viewmodels.register_keys import code_of_key
from rollbook_desktop.widgets.code_keys import CodeKeys
from rollbook_desktop.widgets.dialog import Question
from rollbook_desktop.widgets.list_view import ListView
from rollbook_desktop.widgets.register_view import RegisterView
from rollbook_desktop.widgets.theme import Theme
from rollbook_desktop.windows.main_window import MainWindow
from rollbook_desktop.windows.workspace import CLASSES, Workspace
from support.classroom import Classroom, class_edits
from support.window_parts import button

TODAY = datetime.now(UTC).astimezone().date().isoformat()


@pytest.fixture
def room(client: Client) -> Classroom:
    """A class of thirty, entered on this computer."""
    made, edits = class_edits(client.new_run, 30, begin="2020-09-01")
    client.save_many(edits, client.new_run())
    return made


@pytest.fixture
def register(qtbot: QtBot, room: Classroom, workspace: Workspace, desk: Desk) -> RegisterView:
    """The register of the class, opened by keys alone."""
    workspace.activateWindow()
    qtbot.waitUntil(lambda: desk.classes.table.total == 1)
    workspace.go_to(CLASSES)
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    table = workspace.findChild(RegisterView, "register")
    assert table is not None
    qtbot.waitUntil(lambda: len(desk.register.lines) == 30)
    table.setFocus()
    return table


def shown(table: RegisterView, row: int, column: int = 2) -> str:
    """The text of a cell; the mark's, unless another column is asked for."""
    return str(table.model().index(row, column).data())


def marks(client: Client) -> dict[str, str]:
    """The codes that are stored, by the students' ids."""
    rows = client.records(RecordQuery("attendance_mark", sort="date")).rows
    return {row.values["student_id"]: row.values["teacher_code"] for row in rows}


def said(workspace: Workspace, name: str) -> str:
    """What a label says."""
    found = workspace.findChild(QLabel, name)
    assert found is not None
    return found.text()


def test_w13_all_are_present_but_for_one_key_each(
    qtbot: QtBot, register: RegisterView, room: Classroom, workspace: Workspace, client: Client
) -> None:
    assert said(workspace, "registerState") == "Not taken yet"
    QTest.keyClicks(register, "a")
    assert register.current_row == 1
    QTest.keyClick(register, Qt.Key.Key_Down)
    QTest.keyClicks(register, "l")
    assert [shown(register, row) for row in range(3)] == ["A  Absent", "Present", "L  Late"]
    assert said(workspace, "registerCounts") == "28 present  ·  1 absent  ·  1 late"
    assert said(workspace, "registerState") == "Not saved yet"
    QTest.keyClick(register, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: said(workspace, "registerState") == "Taken")
    assert marks(client) == {room.students[0]: "A", room.students[2]: "L"}
    [taken] = client.records(RecordQuery("register_taken", sort="date")).rows
    assert (taken.values["section_id"], taken.values["date"]) == (room.section, TODAY)
    assert not button(workspace, "saveRegister").isEnabled()


def test_w13_nobody_missing_is_a_register_too(
    qtbot: QtBot, register: RegisterView, workspace: Workspace, client: Client
) -> None:
    QTest.keyClick(register, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: said(workspace, "registerState") == "Taken")
    assert marks(client) == {}


def test_w13_ctrl_z_goes_back_mark_by_mark(register: RegisterView, desk: Desk) -> None:
    QTest.keyClicks(register, "al")
    for _ in range(2):
        QTest.keyClick(register, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert [shown(register, row) for row in range(2)] == ["Present", "Present"]
    assert not desk.register.dirty


def test_w13_a_number_and_enter_mark_absent_and_present_again(
    register: RegisterView, workspace: Workspace
) -> None:
    QTest.keyClicks(register, "17")
    assert said(workspace, "registerCounts").startswith("Number 17")
    QTest.keyClick(register, Qt.Key.Key_Enter, Qt.KeyboardModifier.KeypadModifier)
    assert shown(register, 16) == "A  Absent"
    QTest.keyClicks(register, "17")
    QTest.keyClick(register, Qt.Key.Key_Return)
    assert shown(register, 16) == "Present"
    QTest.keyClicks(register, "31")
    QTest.keyClick(register, Qt.Key.Key_Return)
    assert said(workspace, "registerCounts") == "30 present"


def test_w11_a_code_that_needs_a_reason_asks_for_it_at_its_line(
    qtbot: QtBot, register: RegisterView, workspace: Workspace, client: Client, desk: Desk
) -> None:
    codes = client.records(RecordQuery("attendance_code", sort="key")).rows
    [excused] = [row.id for row in codes if row.values["key"] == "E"]
    client.save(Edit("attendance_code", excused, {"teacher_may_use": "yes"}))
    qtbot.waitUntil(lambda: "E" in desk.register.codes)
    QTest.keyClicks(register, "e")
    editor = QApplication.focusWidget()
    assert editor is not register
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    button(workspace, "saveRegister").click()
    qtbot.waitUntil(lambda: "needs a reason" in shown(register, 0, 3))
    assert marks(client) == {}
    QTest.keyClicks(QApplication.focusWidget(), "dentist")
    button(workspace, "saveRegister").click()  # the text that is being typed counts
    qtbot.waitUntil(lambda: len(marks(client)) == 1)
    assert shown(register, 0, 3) == "dentist"


def answer(workspace: Workspace, name: str) -> None:
    """Answer the question that is open."""
    question = workspace.window().findChild(Question)
    assert question is not None
    button(question, name).click()


@pytest.mark.parametrize("answered", ["stayHere", "leaveUnsaved", "saveAndLeave"])
def test_w13_another_day_asks_before_marks_are_lost(
    qtbot: QtBot, register: RegisterView, workspace: Workspace, client: Client, desk: Desk, answered: str
) -> None:
    QTest.keyClicks(register, "a")
    QTest.keyClick(register, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    answer(workspace, answered)
    if answered == "stayHere":
        assert (desk.register.day, shown(register, 0)) == (TODAY, "A  Absent")
        return
    qtbot.waitUntil(lambda: desk.register.day < TODAY and len(desk.register.lines) == 30)
    assert date.fromisoformat(desk.register.day).weekday() < 5
    day = workspace.findChild(QDateEdit, "registerDay")
    assert day is not None
    assert day.date().toString(Qt.DateFormat.ISODate) == desk.register.day
    assert len(marks(client)) == (answered == "saveAndLeave")


def test_w15_what_comes_meanwhile_does_not_take_unsaved_marks_away(
    qtbot: QtBot, register: RegisterView, room: Classroom, desk: Desk, client: Client
) -> None:
    QTest.keyClicks(register, "a")
    seen: list[None] = []
    desk.classes.table.state_changed.connect(lambda: seen.append(None))
    client.registers.take(room.section, TODAY, "day", {})
    desk.classes.table.refresh()
    qtbot.waitUntil(lambda: bool(seen))
    assert shown(register, 0) == "A  Absent"


def test_w15_place_and_selection_survive_the_save(
    qtbot: QtBot, register: RegisterView, workspace: Workspace
) -> None:
    register.go_to(17)
    QTest.keyClicks(register, "a")
    button(workspace, "saveRegister").click()
    qtbot.waitUntil(lambda: said(workspace, "registerState") == "Taken")
    assert register.current_row == 18


def test_w13_a_save_that_was_refused_leads_nowhere_later(
    qtbot: QtBot, register: RegisterView, workspace: Workspace, client: Client, desk: Desk
) -> None:
    codes = client.records(RecordQuery("attendance_code", sort="key")).rows
    [absent] = [row.id for row in codes if row.values["key"] == "A"]
    client.save(Edit("attendance_code", absent, {"needs_reason": "yes"}))
    qtbot.waitUntil(lambda: desk.register.register.codes["A"]["needs_reason"] == "yes")  # type: ignore[union-attr]
    desk.register.set_code(0, "A")
    QTest.keyClick(register, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    answer(workspace, "saveAndLeave")
    qtbot.waitUntil(lambda: "needs a reason" in shown(register, 0, 3))
    desk.register.set_reason(0, "ill")
    button(workspace, "saveRegister").click()
    qtbot.waitUntil(lambda: said(workspace, "registerState") == "Taken")
    assert desk.register.day == TODAY


@pytest.fixture
def window(qtbot: QtBot, desk: Desk, theme: Theme, memory: QSettings) -> Iterator[MainWindow]:
    """The whole window with the account in it; gone before its models are."""
    made = MainWindow(theme, memory)
    made.show_desk(desk)
    yield made
    with qtbot.waitSignal(made.destroyed):
        made.deleteLater()


def test_w8_quitting_asks_while_marks_are_not_saved(
    qtbot: QtBot, room: Classroom, desk: Desk, window: MainWindow
) -> None:
    desk.register.open(room.section)
    qtbot.waitUntil(lambda: len(desk.register.lines) == 30)
    assert desk.register.set_code(0, "A")
    window.close()
    question = window.findChild(Question)
    assert question is not None
    assert question.windowTitle() == "A register is not saved"
    button(question, "stay").click()
    assert desk.register.dirty


def test_s23_who_may_not_take_registers_cannot_enter_marks(
    register: RegisterView, desk: Desk, workspace: Workspace
) -> None:
    desk.register.allow(False)
    QTest.keyClicks(register, "a")
    assert shown(register, 0) == "Present"
    assert not button(workspace, "saveRegister").isEnabled()


def test_w13_the_mouse_does_it_too(register: RegisterView, workspace: Workspace) -> None:
    keys = workspace.findChild(CodeKeys)
    assert keys is not None
    button(keys, "code-L").click()
    assert (shown(register, 0), register.current_row) == ("L  Late", 1)


@pytest.mark.parametrize(("key", "code"), [("a", "A"), ("α", "A"), ("λ", "L"), ("o", "OS"), ("x", None)])
def test_w13_a_key_means_its_code_whatever_the_keyboard(key: str, code: str | None) -> None:
    assert code_of_key(key, ["A", "L", "E", "OS"]) == code


def test_w13_two_codes_of_one_letter_are_not_guessed() -> None:
    assert code_of_key("l", ["LE", "LA"]) is None


def test_w1_the_list_marks_the_class_that_is_shown(
    register: RegisterView, workspace: Workspace, desk: Desk
) -> None:
    classes = workspace.findChild(ListView, "classes")
    assert classes is not None
    assert classes.current_row == 0
    assert said(workspace, "registerTitle") == "1A"
