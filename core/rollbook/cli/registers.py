"""`rollbookctl register show|take`: a section's register of a day (D1)."""

from argparse import Namespace

from rollbook.cli import class_rows, words
from rollbook.cli.answers import Answer, plain
from rollbook.client.facade import Client
from rollbook.client.registers import Mark, Register


def run(client: Client, arguments: Namespace) -> Answer:
    """Do the verb. Raises :class:`CommandProblemError` and :class:`RefusedEntryError`."""
    return {"show": _show, "take": _take}[arguments.verb](client, arguments)


def _read(client: Client, arguments: Namespace) -> Register:
    return client.registers.read(arguments.section, arguments.date, arguments.period)


def _show(client: Client, arguments: Namespace) -> Answer:
    register = _read(client, arguments)
    data = {name: getattr(register, name) for name in ("section_id", "title", "date", "period", "taken")}
    data["lines"] = [plain(line) for line in register.lines]
    rows = [
        (
            line.student_number or "-",
            line.label,
            line.teacher_code or "-",
            line.office_code or "-",
            "-" if line.minutes is None else line.minutes,
            words.value(line.reason) if line.reason else "-",
        )
        for line in register.lines
    ]
    lines = words.aligned(("number", "student", "teacher", "office", "minutes", "reason"), rows)
    taken = "Taken: who has no mark was present." if register.taken else "Not taken yet."
    return Answer(data, lines, [f"{register.title}, {register.date}, {register.period}. {taken}"])


def _take(client: Client, arguments: Namespace) -> Answer:
    register = _read(client, arguments)
    entered = class_rows.by_student(arguments.marks, register.lines, "CODE")
    marks = {student: _mark(text) for student, text in entered.items()}
    return class_rows.stored(
        client.registers.take(register.section_id, register.date, register.period, marks, register)
    )


def _mark(text: str) -> Mark:
    code, _colon, reason = text.partition(":")
    return Mark(code or None, reason.strip() or None)
