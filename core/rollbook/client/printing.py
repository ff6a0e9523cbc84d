"""Papers about the school's students, from what is on this computer (D13, D12)."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from rollbook.client.facade import Client
from rollbook.client.printed_for import printing_for
from rollbook.client.values import RecordQuery, RecordRow
from rollbook.domain.calendar import lasts_on
from rollbook.domain.entity import Values
from rollbook.exchange import NotPrintableError
from rollbook.exchange.paper_words import LANGUAGES
from rollbook.exchange.papers import certificate, class_list, full_name
from rollbook.exchange.typesetting import print_paper
from rollbook.schema.search_text import sort_name

__all__ = ["LANGUAGES", "print_certificate", "print_homeroom", "print_section"]

_ALL = 1_000_000


def print_homeroom(
    client: Client,
    homeroom: str,
    file: Path,
    day: date,
    *,
    language: str | None = None,
    replace: bool = False,
) -> int:
    """Write the class list of a homeroom as a PDF; returns how many students.

    Without ``language`` it is the school's. Raises :class:`ExchangeError` where nobody is in it, and where
    the file cannot be written.
    """
    students = [row.values for row in _of(client, "student", homeroom=homeroom)]
    if not students:
        raise _nobody(f"There is no student of the class “{homeroom}” on this computer.")
    paper = class_list(printing_for(client, day, language), homeroom, students)
    print_paper(file, "class-list", paper, replace=replace)
    return len(students)


def print_section(
    client: Client,
    section_id: str,
    file: Path,
    day: date,
    *,
    language: str | None = None,
    replace: bool = False,
) -> int:
    """Write the list of who is in a section on that day; otherwise as :func:`print_homeroom`."""
    section = client.record("section", section_id)
    if section is None:
        raise NotPrintableError(
            "not-found", f"There is no class {section_id} on this computer.", "Look at its ID."
        )
    students = sorted(_members(client, section.id, day.isoformat()), key=sort_name)
    title = str(section.values["title"])
    if not students:
        raise _nobody(f"Nobody is in the class “{title}” on that day, as far as this computer knows.")
    paper = class_list(printing_for(client, day, language), title, students, _teachers(client, section.id))
    print_paper(file, "class-list", paper, replace=replace)
    return len(students)


def print_certificate(
    client: Client,
    student_id: str,
    file: Path,
    day: date,
    *,
    language: str | None = None,
    replace: bool = False,
) -> None:
    """Write a student's enrolment certificate. Raises :class:`ExchangeError`, also without an enrolment."""
    student = client.record("student", student_id)
    if student is None:
        raise NotPrintableError(
            "not-found", f"There is no student {student_id} on this computer.", "Look at the ID."
        )
    if student.archived:
        raise NotPrintableError(
            "archived", "This student is archived.", "Bring the student back first, if that was a mistake."
        )
    enrolments = [row.values for row in _of(client, "enrolment", student_id=student.id)]
    paper = certificate(printing_for(client, day, language), student.values, enrolments)
    print_paper(file, "certificate", paper, replace=replace)


def _members(client: Client, section_id: str, day: str) -> Iterator[Values]:
    """Who is in it that day, each once; who is archived is not."""
    memberships = _of(client, "section_enrolment", section_id=section_id)
    for student_id in {str(each.values["student_id"]) for each in memberships if lasts_on(each.values, day)}:
        student = client.record("student", student_id)
        if student is not None and not student.archived:
            yield student.values


def _teachers(client: Client, section_id: str) -> list[str]:
    """Their names, the first teacher's first."""
    found = sorted(
        _of(client, "section_teacher", section_id=section_id),
        key=lambda each: each.values["is_primary"] != "yes",
    )
    staff = (client.record("staff", str(each.values["staff_id"])) for each in found)
    return [full_name(each.values) for each in staff if each is not None]


def _of(client: Client, entity: str, **filters: str) -> tuple[RecordRow, ...]:
    return client.records(RecordQuery(entity, limit=_ALL, filters=dict(filters))).rows


def _nobody(message: str) -> NotPrintableError:
    return NotPrintableError("nobody", message, "Look at its name, and whether everything has been fetched.")
