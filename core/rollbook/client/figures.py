"""Figures of a student, of a class and of who is at risk, without the network (D1, D2, D12).

They are reckoned from what this computer shows, entries that wait among it, by the same functions as at the
server and with the same names: ``rollbook.domain.figures`` and ``rollbook.domain.risk_list`` tell the shapes.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from rollbook.client.roster import existing
from rollbook.client.values import RefusedEntryError
from rollbook.domain import figures, risk_list
from rollbook.domain.entity import RuleBreach
from rollbook.domain.roles import Right, rights_of
from rollbook.domain.students_at_risk import RULES, Thresholds
from rollbook.store import merges, scopes
from rollbook.store.database import StoreDatabase
from rollbook.store.figure_reading import StoreReading

__all__ = ["RULES", "Figures", "Thresholds"]

_AT_ONCE = 500
"""Students whose records are in memory together."""

Told = dict[str, Any]


class Figures:
    """The figures of one user's school. Local; may be called from any thread.

    All raise :class:`RefusedEntryError` for a record that is not here, and where the user may not read marks:
    without them nothing is known, which must not look like a school that entered none. Registers and results
    of days after today (this computer's) do not make anybody a student at risk.
    """

    def __init__(self, store: StoreDatabase, role: str, now: Callable[[], datetime]) -> None:
        self._store = store
        self._role = role
        self._now = now

    def student(self, student_id: str, thresholds: Thresholds | None = None) -> Told:
        """``attendance`` and ``grades`` of a student, and of each the ``_trend`` and the ``_risk``."""
        with self._reading() as reading:
            row = existing(reading.connection, "student", student_id, "student_id")
            found = merges.person(reading.connection, "student", row["id"])
            return {
                "student_id": found,
                "attendance": figures.student_attendance(reading, found),
                "attendance_trend": figures.student_attendance_trend(reading, found),
                "grades": figures.student_grades(reading, found),
                "grades_trend": figures.student_grades_trend(reading, found),
                **self._at_risk(reading, [found], thresholds),
            }

    def section(self, section_id: str, thresholds: Thresholds | None = None) -> Told:
        """The same of a class, all together, with the ``comparison`` of its course's classes."""
        with self._reading() as reading:
            found = existing(reading.connection, "section", section_id, "section_id")["id"]
            inside = risk_list.inside_on(reading, found, self._today())
            return {
                "section_id": found,
                "attendance": figures.section_attendance(reading, found),
                "attendance_trend": figures.section_attendance_trend(reading, found),
                "grades": figures.section_grades(reading, found),
                "grades_trend": figures.section_grades_trend(reading, found),
                "comparison": figures.section_comparison(reading, found),
                **self._at_risk(reading, inside, thresholds),
            }

    def risk(
        self,
        thresholds: Thresholds | None = None,
        *,
        section_id: str | None = None,
        grade_level: str | None = None,
    ) -> Told:
        """Who is at risk among ``looked_at`` students: of a class, of a grade, or of the whole school."""
        with self._reading() as reading:
            if section_id is None:
                students = reading.students(grade_level)
            else:
                section = existing(reading.connection, "section", section_id, "section_id")
                students = risk_list.inside_on(reading, section["id"], self._today())
            found: dict[str, list[Told]] = {"attendance_risk": [], "grades_risk": []}
            for start in range(0, len(students), _AT_ONCE):
                some = students[start : start + _AT_ONCE]
                for name, at_risk in self._at_risk(reading, some, thresholds).items():
                    found[name] += at_risk
            for told in found.values():
                told.sort(key=lambda each: (each["label"], each["student_id"]))
            return {"looked_at": len(students), **found}

    def _at_risk(
        self, reading: StoreReading, students: list[str], thresholds: Thresholds | None
    ) -> dict[str, list[Told]]:
        asked = (reading, students, self._today(), thresholds or Thresholds())
        return {
            "attendance_risk": risk_list.of_attendance(*asked),
            "grades_risk": risk_list.of_grades(*asked),
        }

    def _today(self) -> str:
        return self._now().astimezone().date().isoformat()

    @contextmanager
    def _reading(self) -> Iterator[StoreReading]:
        with self._store.read() as connection:
            if Right.READ_MARKS not in rights_of(scopes.role(connection) or self._role):
                message, advice = "Your role does not allow this.", "Ask an administrator for the right."
                raise RefusedEntryError((RuleBreach("entity", "forbidden", message, advice),))
            yield StoreReading(connection)
