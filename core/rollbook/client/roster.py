"""Who is in a section, and entries for several of them at once of which each wrong one is named."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from rollbook.client.values import RefusedEntryError
from rollbook.domain.entity import RuleBreach, Values
from rollbook.domain.labels import label_of
from rollbook.schema.search_text import fold
from rollbook.store import aliases, listing, merges

Rows = dict[str, Mapping[str, Any]]
"""Records by the id of the student whom they mean."""


@dataclass(frozen=True, slots=True)
class Pupil:
    """A student of a section. ``label`` is the name with the number; ``archived`` ones may have left."""

    student_id: str
    label: str
    student_number: str | None
    archived: bool


class RefusedRowsError(RefusedEntryError):
    """Some rows of an entry for several students break a rule: nothing of it was stored.

    ``rows`` are pairs of student id (as it was given) and breach, one for each of ``breaches``.
    """

    def __init__(self, rows: tuple[tuple[str, RuleBreach], ...]) -> None:
        super().__init__(tuple(breach for _student, breach in rows))
        self.rows = rows


def existing(connection: Connection, entity: str, record_id: str, field: str) -> Mapping[str, Any]:
    """The record that the id means. Raises :class:`RefusedEntryError` at ``field`` where there is none."""
    row = listing.one(connection, entity, aliases.meant(connection, entity, record_id))
    if row is None or row["deleted"]:
        raise RefusedEntryError(
            (
                RuleBreach(
                    field, "no-such-record", "There is no such record here.", "Choose it from the list."
                ),
            )
        )
    return row


def pupils(
    connection: Connection,
    section_id: str,
    *,
    begun_by: str | None = None,
    not_ended_before: str | None = None,
) -> list[Pupil]:
    """Who is in the section, by name. ``begun_by`` and ``not_ended_before`` (ISO dates) bound the days;
    the day of the end is the last one in it."""
    spans = listing.matching(
        connection, "section_enrolment", section_id=aliases.names_of(connection, "section", section_id)
    )
    inside = [each["student_id"] for each in spans if _reaches(each, begun_by, not_ended_before)]
    return pupils_of(connection, inside)


def pupils_of(connection: Connection, student_ids: Iterable[str]) -> list[Pupil]:
    """Those students that the ids mean and that are on this computer, each once, by name."""
    rows = listing.matching(
        connection, "student", archived=True, id=set(meant_students(connection, student_ids).values())
    )
    rows.sort(key=lambda row: (fold(f"{row['family_name'] or ''} {row['given_name'] or ''}"), row["id"]))
    return [Pupil(row["id"], label_of(row), row["student_number"], bool(row["deleted"])) for row in rows]


def by_student(connection: Connection, rows: Collection[Mapping[str, Any]]) -> Rows:
    """The rows by the student whom each means; one that names them by the id itself is taken first."""
    meant = meant_students(connection, [row["student_id"] for row in rows])
    found: Rows = {}
    for row in sorted(rows, key=lambda row: row["student_id"] == meant[row["student_id"]]):
        found[meant[row["student_id"]]] = row
    return found


def meant_students(connection: Connection, student_ids: Iterable[str]) -> dict[str, str]:
    """Each id with that of the student whom it means."""
    ids = list(dict.fromkeys(student_ids))
    known = merges.persons(connection, "student", ids)
    return {each: known.get(each, each) for each in ids}


def _reaches(span: Values, begun_by: str | None, not_ended_before: str | None) -> bool:
    begin, end = span["begin_date"], span["end_date"]
    return not (begun_by and begin and begin > begun_by) and not (
        not_ended_before and end and end < not_ended_before
    )
