"""Who is at risk, by rules that are stated and thresholds that may be asked for; some students at a time."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Annotated

from fastapi import Depends, Query
from sqlalchemy import Connection, select

from rollbook.domain.risk_list import Told, inside_on, of_attendance, of_grades
from rollbook.domain.students_at_risk import Thresholds
from rollbook.server.analytics.records import SchoolReading
from rollbook.server.tables import student

_USUAL = Thresholds()
PerCent = Annotated[Decimal, Query(ge=0, le=100, max_digits=6, decimal_places=3)]
Number = Annotated[int, Query(ge=1, le=1_000)]


def thresholds_asked(
    attendance: PerCent = Decimal(int(_USUAL.attendance)),
    least_registers: Number = _USUAL.least_registers,
    days_absent: Number = _USUAL.days_absent,
    average: PerCent = Decimal(int(_USUAL.average)),
    least_results: Number = _USUAL.least_results,
    missing: Number = _USUAL.missing,
    fall: PerCent = Decimal(int(_USUAL.fall)),
    recent_days: Number = _USUAL.recent_days,
) -> Thresholds:
    """Those of the query; the usual ones for those that it does not name."""
    return Thresholds(
        Fraction(attendance),
        least_registers,
        days_absent,
        Fraction(average),
        least_results,
        missing,
        Fraction(fall),
        recent_days,
    )


ThresholdsAsked = Annotated[Thresholds, Depends(thresholds_asked)]


@dataclass(frozen=True, slots=True)
class AtRisk:
    """The sources of the two parts: by rules about registers, and by rules about results."""

    school_id: str
    today: str
    thresholds: Thresholds

    def attendance(self, connection: Connection, students: list[str]) -> list[Told]:
        """Those of the students who are at risk by their registers."""
        return of_attendance(self._reading(connection), students, self.today, self.thresholds)

    def grades(self, connection: Connection, students: list[str]) -> list[Told]:
        """Those of the students who are at risk by their results."""
        return of_grades(self._reading(connection), students, self.today, self.thresholds)

    def attendance_in(self, connection: Connection, section_id: str) -> list[Told]:
        """The same of those who are in the class today."""
        return self.attendance(connection, inside_on(self._reading(connection), section_id, self.today))

    def grades_in(self, connection: Connection, section_id: str) -> list[Told]:
        """The same of those who are in the class today, in whichever of their classes."""
        return self.grades(connection, inside_on(self._reading(connection), section_id, self.today))

    def _reading(self, connection: Connection) -> SchoolReading:
        return SchoolReading(connection, self.school_id)


def page_of_students(
    connection: Connection, school_id: str, after: str, limit: int, grade_level: str | None
) -> list[str]:
    """The ids of students that are not archived, in their order, behind the id ``after``."""
    where = [student.c.school_id == school_id, student.c.deleted_at.is_(None), student.c.id > after]
    if grade_level is not None:
        where.append(student.c.grade_level == grade_level)
    return list(
        connection.execute(select(student.c.id).where(*where).order_by(student.c.id).limit(limit)).scalars()
    )
