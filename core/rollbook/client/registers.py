"""Registers: a section's students with their marks, and the register taken as one entry (D1, D12)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from rollbook.client.roster import (
    Pupil,
    RefusedRowsError,
    Rows,
    by_student,
    existing,
    meant_students,
    pupils,
)
from rollbook.client.values import Edit, RefusedEntryError, Saved
from rollbook.domain.attendance import REGISTER_TAKEN
from rollbook.domain.canonical import canonical_values
from rollbook.domain.class_rows import RowEdit, UnfitRowError, strangers
from rollbook.domain.entity import RuleBreach
from rollbook.domain.registers import (
    DAY,
    NOT_THERE,
    Mark,
    Register,
    RegisterLine,
    mark_edit,
    marked,
    offices_changes,
    teachers_edits,
)
from rollbook.store import aliases, listing
from rollbook.store.database import StoreDatabase

__all__ = ["DAY", "Mark", "Register", "RegisterLine", "Registers"]

_MARK = "attendance_mark"


@dataclass(frozen=True, slots=True)
class Registers:
    """The registers of one user's school. Local; may be called from any thread.

    All raise :class:`RefusedEntryError` for a section that is not here or a date that is none.
    """

    store: StoreDatabase
    save_many: Callable[[list[Edit], str], list[Saved]]
    new_run: Callable[[], str]

    def read(self, section_id: str, date: str, period: str = DAY) -> Register:
        """Who is in the section on that day, by name, with their marks."""
        with self.store.read() as connection:
            return _register(connection, section_id, date, period)

    def students(self, section_id: str) -> list[Pupil]:
        """All who are or were in the section and are not archived, by name."""
        with self.store.read() as connection:
            section = existing(connection, "section", section_id, "section_id")
            return [each for each in pupils(connection, section["id"]) if not each.archived]

    def take(
        self,
        section_id: str,
        date: str,
        period: str,
        marks: Mapping[str, Mark],
        seen: Register | None = None,
    ) -> list[Saved]:
        """Take the register, as one: ``marks`` by student id; who is not among them is present.

        Who is present gets no mark, and an earlier one of theirs is changed. The office's codes stay.
        ``seen`` is the register that the person had before them; ``None`` means what is shown here now.
        Raises :class:`RefusedRowsError` that names each wrong row; then nothing was stored.
        """
        with self.store.read() as connection:
            now = _register(connection, section_id, date, period)
            given = meant_students(connection, marks)
        wrong = strangers(given, {line.student_id for line in now.lines}, NOT_THERE)
        wanted = {given[student]: mark for student, mark in marks.items()}
        rows, unfit = teachers_edits(now, wanted, seen)
        if wrong or unfit:
            raise RefusedRowsError((*wrong, *unfit))
        # Who took it is told by its history: two who do must not be asked about that.
        edits = [Edit("register_taken", None, dict(now.key)), *map(_edit, rows)]
        return self.save_many(edits, self.new_run())

    def office(
        self,
        section_id: str,
        date: str,
        period: str,
        student_id: str,
        mark: Mark,
        seen: Register | None = None,
    ) -> Saved:
        """Set what the office says of one student; the teacher's code stays. ``None`` takes the code back.

        Raises :class:`RefusedRowsError`.
        """
        with self.store.read() as connection:
            now = _register(connection, section_id, date, period)
            given = meant_students(connection, [student_id])
        line = now.line(given[student_id])
        if line is None:
            raise RefusedRowsError(tuple(strangers(given, (), NOT_THERE)))
        try:
            changes = offices_changes(now, line, mark, line.teacher_code)
        except UnfitRowError as unfit:
            raise RefusedRowsError(((unfit.student_id, unfit.breach),)) from unfit
        return self.save_many([_edit(mark_edit(now, line, changes, seen))], self.new_run())[0]


def _register(connection: Connection, section_id: str, date: str, period: str) -> Register:
    key, breaches = canonical_values(
        REGISTER_TAKEN, {"section_id": section_id, "date": date, "period": period}
    )
    missing = tuple(
        RuleBreach(name, "required", "This is needed.", "Fill this in.")
        for name in ("section_id", "date", "period")
        if name in key and key[name] is None
    )
    if breaches or missing:
        raise RefusedEntryError(breaches + missing)
    section = existing(connection, "section", key["section_id"], "section_id")
    date, period = key["date"], key["period"]
    here: dict[str, Any] = {
        "section_id": aliases.names_of(connection, "section", section["id"]),
        "date": [date],
        "period": [period],
    }
    marks = by_student(connection, listing.matching(connection, _MARK, **here))
    return Register(
        section_id=section["id"],
        title=section["title"] or "",
        date=date,
        period=period,
        taken=bool(listing.matching(connection, "register_taken", **here)),
        lines=tuple(_lines(connection, section["id"], date, marks)),
        codes={row["key"]: row for row in listing.matching(connection, "attendance_code")},
    )


def _lines(connection: Connection, section_id: str, date: str, marks: Rows) -> list[RegisterLine]:
    """Who was archived is there only where they have a mark: of a day before."""
    found = pupils(connection, section_id, begun_by=date, not_ended_before=date)
    return [
        marked(RegisterLine(each.student_id, each.label, each.student_number), marks.get(each.student_id))
        for each in found
        if not each.archived or each.student_id in marks
    ]


def _edit(row: RowEdit) -> Edit:
    return Edit(_MARK, row.record_id, row.changes, seen=row.seen)
