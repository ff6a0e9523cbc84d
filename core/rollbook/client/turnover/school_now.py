"""The school as this computer shows it, read whole for a turn-over, by the records that are meant (D4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from rollbook.client.values import RefusedEntryError
from rollbook.domain.entity import RuleBreach
from rollbook.store import aliases, listing, merges

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SchoolNow:
    """Records that are not archived. ``students`` has none that is an alias of another.

    ``spells`` and ``memberships`` (of sections) are by the id of the student whom they mean. ``sections`` are
    those of the old year and of the new one, with their ``teachers`` by section.
    """

    school_id: str
    years: dict[str, Row]
    sessions: list[Row]
    students: list[Row]
    spells: dict[str, list[Row]]
    sections: list[Row]
    memberships: dict[str, list[Row]]
    teachers: dict[str, list[Row]]
    grades_used: set[str]

    def year(self, wanted: str, field: str) -> Row | None:
        """The school year of that id or title. Raises :class:`RefusedEntryError` where several have it."""
        found = [self.years[wanted]] if wanted in self.years else []
        found = found or [each for each in self.years.values() if each["title"] == wanted.strip()]
        if len(found) > 1:
            raise refused(
                field, "several", f"There are {len(found)} school years “{wanted}”.", "Give the ID."
            )
        return found[0] if found else None

    def within(self, year_id: str) -> dict[str, Row]:
        """The year and all its terms and periods, by id."""
        parts = {year_id: self.years[year_id]} if year_id in self.years else {}
        grown = True
        while grown:
            more = {each["id"]: each for each in self.sessions if each["parent_id"] in parts}
            grown = not more.keys() <= parts.keys()
            parts |= more
        return parts


def read_school(connection: Connection, school_id: str) -> SchoolNow:
    """Read it."""
    sessions = listing.matching(connection, "academic_session")
    students = _meant(connection, listing.matching(connection, "student"))
    spells = listing.matching(connection, "enrolment")
    sections = listing.matching(connection, "section")
    courses = listing.matching(connection, "course")
    used = {row["grade_level"] for rows in (students, spells, sections, courses) for row in rows}
    return SchoolNow(
        school_id=school_id,
        years={row["id"]: row for row in sessions if row["type"] == "school_year"},
        sessions=sessions,
        students=sorted(students, key=lambda row: (row["sort_name"], row["id"])),
        spells=_by(connection, "student_id", spells),
        sections=sorted(_meant(connection, sections), key=lambda row: (row["sort_name"], row["id"])),
        memberships=_by(connection, "student_id", listing.matching(connection, "section_enrolment")),
        teachers=_by(connection, "section_id", listing.matching(connection, "section_teacher")),
        grades_used=used - {None},
    )


def refused(field: str, code: str, message: str, suggestion: str) -> RefusedEntryError:
    """What was asked cannot be done."""
    return RefusedEntryError((RuleBreach(field, code, message, suggestion),))


def _meant(connection: Connection, rows: list[Row]) -> list[Row]:
    """Those that do not mean another record."""
    known = {**aliases.meant_all(connection, [row["id"] for row in rows]), **_merged(connection)}
    return [row for row in rows if row["id"] not in known]


def _by(connection: Connection, field: str, rows: list[Row]) -> dict[str, list[Row]]:
    known, merged = aliases.meant_all(connection, list({row[field] for row in rows})), _merged(connection)
    found: dict[str, list[Row]] = {}
    for row in rows:
        named: str = row[field]
        meant = known.get(named, named)
        found.setdefault(merged.get(meant, meant), []).append(row)
    return found


def _merged(connection: Connection) -> dict[str, str]:
    return merges.merged(connection, merges.MERGED)
