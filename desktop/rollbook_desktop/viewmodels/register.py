"""The register of a class on one day: what was read, what is changed, and every step back (W13, W15)."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

from PySide6.QtCore import QCoreApplication, QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from rollbook.client.registers import Mark, Register, RegisterLine
from rollbook.client.roster import RefusedRowsError
from rollbook.client.values import Saved
from rollbook_desktop.bridge.bridge import Bridge, Ticket
from rollbook_desktop.bridge.facade import Facade
from rollbook_desktop.viewmodels.register_keys import code_of_key
from rollbook_desktop.viewmodels.register_words import RegisterWords, code_words, words_of

translate = QCoreApplication.translate
DAY = "day"
_SHOWN = frozenset({"attendance_mark", "register_taken", "attendance_code", "section_enrolment", "student"})
PRESENT = Mark(None)


class RegisterModel(QObject):
    """One register at a time. Nothing is stored until :meth:`save`; nothing is thrown away unasked."""

    opened = Signal()
    """Another register, or the same one read anew: all lines are other ones."""
    changed = Signal()
    """A mark, or whether there is anything to save."""
    refused = Signal(int)
    """The first line that can't be saved as it is."""
    saved = Signal(str)
    """The register was saved on this computer; the words for it."""
    failed = Signal(object)
    """An exception: the save did not happen."""

    def __init__(self, facade: Facade, bridge: Bridge, today: Callable[[], date]) -> None:
        super().__init__()
        self._facade, self._bridge, self._today = facade, bridge, today
        self._ticket: Ticket | None = None
        self._section = ""
        self._saving = self._again = False
        self.day = today().isoformat()
        self.problem = ""
        self.may_take = True
        self.register: Register | None = None
        self.marks: dict[str, Mark] = {}
        self.wrong: dict[str, str] = {}
        self.undo = QUndoStack(self)
        bridge.records_changed.connect(self._look_again)

    @property
    def lines(self) -> tuple[RegisterLine, ...]:
        """The students of the register, by name."""
        return self.register.lines if self.register is not None else ()

    @property
    def codes(self) -> Mapping[str, str]:
        """The codes that a teacher may enter, with their titles."""
        return {} if self.register is None else code_words(self.register)

    @property
    def dirty(self) -> bool:
        """Whether a mark was changed since the register was read."""
        return not self.undo.isClean()

    @property
    def can_save(self) -> bool:
        """Whether there is something to save: a change, or a register that was not taken yet."""
        register = self.register
        unsaved = register is not None and bool(register.lines) and (self.dirty or not register.taken)
        return unsaved and self.may_take and not self._saving

    @property
    def words(self) -> RegisterWords:
        """What the pane says of it as a whole."""
        return words_of(self.register, self.marks, dirty=self.dirty)

    def allow(self, on: bool) -> None:
        """Whether the user may take registers, as the school has it now (S23)."""
        self.may_take = on
        self.changed.emit()

    def open(self, section_id: str) -> None:
        """Show the register of a section on the day that is shown, or today."""
        self._section = section_id
        self._read_another()

    def go_to(self, day: str) -> None:
        """Show another day (ISO 8601)."""
        if day != self.day:
            self.day = day
            self._read_another()

    def step(self, days: int) -> None:
        """Show the day so many days later; weekends are passed over."""
        day = date.fromisoformat(self.day) + timedelta(days)
        while day.weekday() >= 5:
            day += timedelta(1 if days > 0 else -1)
        self.go_to(day.isoformat())

    def go_to_today(self) -> None:
        """Show today."""
        self.go_to(self._today().isoformat())

    def mark(self, student_id: str) -> Mark:
        """What is entered for a student now."""
        return self.marks.get(student_id, PRESENT)

    def press(self, number: int, key: str) -> bool:
        """A key on a line: a code, or the space bar for present; ``False`` where it means nothing."""
        if key == " ":
            return self.set_code(number, "")
        exceptions = self.codes
        code = code_of_key(key, exceptions)
        if code is None and self.register is not None:
            known = {name for name, each in self.register.codes.items() if each["teacher_may_use"] == "yes"}
            code = "" if code_of_key(key, known - exceptions.keys()) else None
        return code is not None and self.set_code(number, code)

    def set_code(self, number: int, code: str) -> bool:
        """Enter a code for a line; empty means present. What was said of another code goes with it."""
        line = self._line(number)
        if line is None:
            return False
        before = self.mark(line.student_id)
        self._enter(line, before if before.code == (code or None) else Mark(code or None))
        return True

    def needs_reason(self, number: int) -> bool:
        """Whether the line's code asks why, and nothing is said yet."""
        line = self._line(number)
        mark = PRESENT if line is None else self.mark(line.student_id)
        code = self.register.codes.get(mark.code or "") if self.register is not None else None
        return code is not None and code["needs_reason"] == "yes" and not mark.reason

    def set_reason(self, number: int, reason: str) -> bool:
        """Say why."""
        line = self._line(number)
        if line is None:
            return False
        self._enter(line, replace(self.mark(line.student_id), reason=reason.strip() or None))
        return True

    def toggle_absent(self, number: int) -> bool:
        """Present becomes absent, and whatever else becomes present: for a pad of numbers."""
        line, code = self._line(number), self.words.absent
        if line is None or not code:
            return False
        return self.set_code(number, "" if self.mark(line.student_id).code else code)

    def save(self) -> None:
        """Take the register, as one. It is on this computer's disk before anything is said."""
        register = self.register
        if register is None or not self.can_save:
            return
        self._saving = True
        work = partial(
            self._facade.registers.take, register.section_id, register.date, DAY, dict(self.marks), register
        )
        self._bridge.command(work, partial(self._taken, register), self._not_taken)
        self.changed.emit()

    def drop(self) -> None:
        """Forget what was changed and read the register anew."""
        self.undo.clear()
        self._read()

    def _line(self, number: int) -> RegisterLine | None:
        may = self.may_take and not self._saving and 0 <= number < len(self.lines)
        return self.lines[number] if may else None

    def _enter(self, line: RegisterLine, mark: Mark) -> None:
        if mark != self.mark(line.student_id):
            self.undo.push(_Entering(self, line, self.mark(line.student_id), mark))

    def put(self, student_id: str, mark: Mark) -> None:
        """Used by the steps of undo."""
        self.marks[student_id] = mark
        self.wrong.pop(student_id, None)
        self.changed.emit()

    def _read_another(self) -> None:
        """Until it is here there are no lines: what is typed meanwhile is meant for none of them."""
        self.register = None
        self.undo.clear()
        self.opened.emit()
        self._read()

    def _read(self) -> None:
        if self._ticket is not None:
            self._ticket.drop()
        if not self._section:
            return
        work = partial(self._facade.registers.read, self._section, self.day, DAY)
        self._again = False
        self._ticket = self._bridge.query(work, self._take, self._fail)

    def _take(self, register: Register) -> None:
        self._ticket = None
        if self.dirty:
            return  # a mark was entered while it was read; what came meanwhile is merged by the save
        self.register, self.problem = register, ""
        self.marks = {
            line.student_id: Mark(line.teacher_code, line.reason, line.minutes)
            for line in register.lines
            if line.mark_id is not None
        }
        self.wrong = {}
        self.undo.clear()
        self.opened.emit()
        if self._again:
            self._read()

    def _fail(self, error: Exception) -> None:
        self._ticket, self.register, self.problem = None, None, str(error)
        self.opened.emit()

    def _taken(self, register: Register, saved: list[Saved]) -> None:
        self._saving = False
        self.undo.setClean()
        words = translate("register", "{section}: register saved on this computer.")
        if not any(each.op_id for each in saved):
            words = translate("register", "Nothing had changed.")
        self.saved.emit(words.format(section=register.title))
        self._read()

    def _not_taken(self, error: Exception) -> None:
        self._saving = False
        if isinstance(error, RefusedRowsError):
            self.wrong = {student: f"{said.message} {said.suggestion}" for student, said in error.rows}
            self.changed.emit()
            numbers = [n for n, line in enumerate(self.lines) if line.student_id in self.wrong]
            self.refused.emit(numbers[0] if numbers else -1)
            return
        self.changed.emit()
        self.failed.emit(error)

    def _look_again(self, entity: str, _ids: object) -> None:
        """What came meanwhile is shown; what the person is in the middle of is left to them."""
        if entity not in _SHOWN or not self._section or self.dirty or self._saving:
            return
        if self._ticket is not None:
            self._again = True  # what is on its way is taken first, so that a busy sync starves nothing
        else:
            self._read()


class _Entering(QUndoCommand):
    """One mark, entered."""

    def __init__(self, model: RegisterModel, line: RegisterLine, before: Mark, after: Mark) -> None:
        super().__init__(line.label)
        self._model, self._student = model, line.student_id
        self._before, self._after = before, after

    def redo(self) -> None:
        """Enter it."""
        self._model.put(self._student, self._after)

    def undo(self) -> None:
        """What was before."""
        self._model.put(self._student, self._before)
