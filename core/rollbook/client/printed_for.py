"""Whose papers are printed, and by whom: what every paper of :mod:`rollbook.client.printing` asks first."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from rollbook.client.facade import Client
from rollbook.client.record_view import Record, RecordView
from rollbook.exchange import NotPrintableError
from rollbook.exchange.paper_words import LANGUAGES, words_in
from rollbook.exchange.papers import Printing, full_name
from rollbook.schema.search_text import sort_name


class Group(StrEnum):
    """Of whom papers are printed at once."""

    STUDENT = "student"
    SECTION = "section"
    HOMEROOM = "homeroom"
    GRADE = "grade"


@dataclass(frozen=True, slots=True)
class Whom:
    """The student or section of that id, or all students of that homeroom or grade."""

    group: Group
    name: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """The students, by name, and what they are called together."""

    title: str
    students: list[Record]


def printing_for(client: Client, day: date, language: str | None) -> Printing:
    """Without ``language`` it is the school's; English where there are no words for that."""
    account = client.account
    school = client.record("school", account.school_id)
    values = {} if school is None else school.values
    spoken = str(values.get("language") or "")[:2].lower()
    reader = language or (spoken if spoken in LANGUAGES else "en")
    return Printing(str(values.get("name") or account.school_name), account.user_name, day, reader)


def chosen(view: RecordView, whom: Whom, language: str, first: str, last: str) -> Chosen:
    """Who is meant; of a section those who are in it on one of the days from ``first`` to ``last``.

    Who is archived is not among them. Raises :class:`NotPrintableError` where that is nobody.
    """
    if whom.group is Group.SECTION:
        section = the_section(view, whom.name)
        spans = view.of("section_enrolment", section_id=[section["id"]])
        inside = {each["student_id"] for each in spans if meets(each, first, last)}
        found = Chosen(section["title"] or "", in_order(view.of("student", id=inside)))
    else:
        field = {Group.STUDENT: "id", Group.HOMEROOM: "homeroom", Group.GRADE: "grade_level"}[whom.group]
        students = in_order(view.of("student", **{field: [whom.name]}))
        found = Chosen(_title(whom, students, language), students)
    if not found.students:
        raise _nobody(whom)
    return found


def the_section(view: RecordView, section_id: str) -> Record:
    """The section. Raises :class:`NotPrintableError` where it is not here."""
    sections = view.of("section", id=[section_id])
    if not sections:
        raise NotPrintableError(
            "not-found", f"There is no class {section_id} on this computer.", "Look at its ID."
        )
    return sections[0]


def teachers_of(view: RecordView, section_ids: Collection[str]) -> dict[str, list[str]]:
    """The names of who teaches each section, the first teacher's first."""
    links = view.of("section_teacher", section_id=section_ids)
    staff = view.by_id("staff", {link["staff_id"] for link in links})
    links.sort(key=lambda link: (link["is_primary"] != "yes", sort_name(staff.get(link["staff_id"], {}))))
    found: dict[str, list[str]] = {}
    for link in links:
        if link["staff_id"] in staff:
            found.setdefault(link["section_id"], []).append(full_name(staff[link["staff_id"]]))
    return found


def in_order(students: list[Record]) -> list[Record]:
    """By name, each once."""
    return sorted(students, key=lambda student: (sort_name(student), student["id"]))


def meets(span: Record, first: str, last: str) -> bool:
    """Whether a membership lasts on one of the days."""
    return (span["begin_date"] or first) <= last and (span["end_date"] or last) >= first


def _title(whom: Whom, students: list[Record], language: str) -> str:
    if whom.group is Group.STUDENT:
        return full_name(students[0]) if students else ""
    if whom.group is Group.GRADE:
        title: str = words_in(language)["grade_title"].format(grade=whom.name)
        return title
    return whom.name


def _nobody(whom: Whom) -> NotPrintableError:
    if whom.group is Group.STUDENT:
        return NotPrintableError(
            "not-found",
            f"There is no student {whom.name} on this computer, or the student is archived.",
            "Look at the ID.",
        )
    return NotPrintableError(
        "nobody",
        f"There is no student of the {whom.group} “{whom.name}” on this computer for that time.",
        "Look at its name, and whether everything has been fetched.",
    )
