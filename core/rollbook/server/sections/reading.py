"""A section, who is in it, and the records that belong to it, archived ones too."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from rollbook.domain.calendar import lasts_on
from rollbook.domain.classes import SECTION
from rollbook.domain.entity import Values
from rollbook.domain.labels import label_of
from rollbook.domain.scope import Act
from rollbook.schema.search_text import fold
from rollbook.server.auth.caller import Caller
from rollbook.server.problems import ProblemError
from rollbook.server.records.reading import read_record
from rollbook.server.records.views import RecordView
from rollbook.server.sync.identity import names_of, read_aliases
from rollbook.server.sync.set_wise import among
from rollbook.server.tables import record_tables

Row = Mapping[str, Any]
"""A record: its values, with ``id``, ``version`` and ``deleted_at``."""


@dataclass(frozen=True, slots=True)
class Pupil:
    """A student of a section. ``label`` is the name with the number; ``archived`` ones may have left."""

    student_id: str
    label: str
    student_number: str | None
    archived: bool


def section_for(connection: Connection, caller: Caller, act: Act, section_id: str, what: str) -> RecordView:
    """The section of which the caller reads or writes records of the entity ``what``.

    Raises :class:`ProblemError`: ``forbidden``, ``not-found``; ``archived-meanwhile`` for one to be written.
    """
    for each in ("section", "student"):
        if not caller.may(Act.READ, each):
            raise ProblemError("forbidden")
    if not caller.may(act, what):
        raise ProblemError("forbidden")
    found = read_record(connection, caller, SECTION, section_id)
    if act is Act.WRITE and found.deleted_at is not None:
        raise ProblemError("archived-meanwhile")
    return found


def rows_of(connection: Connection, school_id: str, entity: str, **any_of: Collection[str]) -> list[Row]:
    """The records that hold one of the values in each field, archived ones too."""
    table = record_tables[entity]
    equal = [among(connection, table.c[name], sorted(values)) for name, values in any_of.items()]
    query = select(table).where(table.c.school_id == school_id, *equal)
    return [dict(row) for row in connection.execute(query).mappings()]


def live(rows: Iterable[Row]) -> list[Row]:
    """Those that are not archived."""
    return [row for row in rows if row["deleted_at"] is None]


def spans_of(connection: Connection, school_id: str, section_id: str) -> list[Row]:
    """From when to when each student is in the section; students by the id of whom they mean (D4)."""
    named = names_of(connection, school_id, "section", [section_id])
    spans = live(rows_of(connection, school_id, "section_enrolment", section_id=named))
    meant = meant_students(connection, school_id, [each["student_id"] for each in spans])
    return [{**each, "student_id": meant[each["student_id"]]} for each in spans]


def inside(spans: Iterable[Row], *, on: str | None = None, not_ended_before: str | None = None) -> set[str]:
    """Who is in the section ``on`` a day, or not gone before one (ISO 8601)."""
    return {each["student_id"] for each in spans if _reaches(each, on, not_ended_before)}


def pupils_of(connection: Connection, school_id: str, student_ids: Iterable[str]) -> list[Pupil]:
    """Those students that the ids mean, each once, by name."""
    ids = set(meant_students(connection, school_id, student_ids).values())
    rows = rows_of(connection, school_id, "student", id=ids)
    rows.sort(key=lambda row: (fold(f"{row['family_name'] or ''} {row['given_name'] or ''}"), row["id"]))
    return [
        Pupil(row["id"], label_of(row), row["student_number"], row["deleted_at"] is not None) for row in rows
    ]


def meant_students(connection: Connection, school_id: str, student_ids: Iterable[str]) -> dict[str, str]:
    """Each id with that of the student whom it means (D4)."""
    ids = list(dict.fromkeys(student_ids))
    known = read_aliases(connection, school_id, "student", ids)
    return {each: known.get(each, each) for each in ids}


def by_student(rows: Collection[Row], meant: Mapping[str, str]) -> dict[str, Row]:
    """The rows by the student whom each means; a live one goes before, and one that names them by the id."""
    found: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: (row["deleted_at"] is None, _names_itself(row, meant))):
        found[meant[row["student_id"]]] = row
    return found


def _names_itself(row: Row, meant: Mapping[str, str]) -> bool:
    return bool(row["student_id"] == meant[row["student_id"]])


def version_of(*rows: Iterable[Row]) -> int:
    """The version of records taken together: each change of one makes it larger."""
    return 1 + sum(int(row["version"]) for some in rows for row in some)


def _reaches(span: Values, on: str | None, not_ended_before: str | None) -> bool:
    if on is not None:
        return lasts_on(span, on)
    return not_ended_before is None or (span.get("end_date") or not_ended_before) >= not_ended_before
