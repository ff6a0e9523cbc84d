"""What stands on a paper, as plain data for its template (D13)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from rollbook.domain.enrolment_status import EnrolmentStatus, status_on
from rollbook.domain.entity import Values
from rollbook.exchange.errors import NotPrintableError
from rollbook.exchange.paper_words import date_in, words_in

Paper = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Printing:
    """Whose paper it is, who prints it on which day, and for readers of which language."""

    school: str
    printed_by: str
    day: date
    language: str


def class_list(
    printing: Printing, title: str, students: Sequence[Values], teachers: Sequence[str] = ()
) -> Paper:
    """The list of a class, the students in the order given."""
    words = words_in(printing.language)
    facts = [words["students"].format(count=len(students))]
    if teachers:
        facts.append(words["teachers"].format(names=", ".join(teachers)))
    lines = [_line(printing.language, each) for each in students]
    return head(printing, words["class_list"], title) | {"facts": facts, "students": lines}


def certificate(printing: Printing, student: Values, enrolments: Sequence[Values]) -> Paper:
    """That a student is, was or will be at the school, as their enrolments say on the day of printing.

    Raises :class:`NotPrintableError` where there is no enrolment: the school would vouch for nothing.
    """
    day = printing.day.isoformat()
    standing = status_on(day, enrolments)
    if standing is None:
        raise NotPrintableError(
            "no-enrolment", "No enrolment of this student is recorded here.", "Enter one, then print again."
        )
    words, stay = words_in(printing.language), _stay(standing, day, enrolments)
    facts = [("school", printing.school), *_facts(printing.language, student, stay)]
    rows = [[words[name], value] for name, value in facts if value]
    top = head(printing, words["certificate"], full_name(student))
    return top | {"statement": words[standing.value], "rows": rows}


def full_name(person: Values) -> str:
    """Given, middle and family name; the native one where there is no other."""
    parts = (person.get(name) for name in ("given_name", "middle_name", "family_name"))
    return " ".join(str(part) for part in parts if part) or text_of(person, "native_name")


def listed_name(person: Values) -> str:
    """As a list has it: the family name first, the native one where there is no other."""
    given = " ".join(text_of(person, name) for name in ("given_name", "middle_name")).strip()
    parts = (text_of(person, "family_name"), given)
    return ", ".join(part for part in parts if part) or text_of(person, "native_name")


def head(printing: Printing, title: str, about: str) -> Paper:
    """What every paper has: its kind, whom or what it is about, the school, who prints it and when."""
    return {
        "title": title,
        "about": about,
        "school": printing.school,
        "printed_by": printing.printed_by,
        "date": date_in(printing.language, printing.day),
        "language": printing.language,
        "words": words_in(printing.language),
    }


def text_of(values: Values, name: str) -> str:
    """The value as text; empty for none."""
    return str(values.get(name) or "")


def _line(language: str, student: Values) -> dict[str, str]:
    given = " ".join(text_of(student, name) for name in ("given_name", "middle_name")).strip()
    family = text_of(student, "family_name")
    return {
        "number": text_of(student, "student_number"),
        "family_name": family if family or given else text_of(student, "native_name"),
        "given_name": given,
        "birth_date": date_in(language, student.get("birth_date")),
    }


def _stay(standing: EnrolmentStatus, day: str, enrolments: Iterable[Values]) -> Values:
    """The stretch that the standing speaks of: this one, the last one, or the next one."""
    known = sorted(enrolments, key=lambda each: each.get("entry_date") or "9999")
    of_standing = [each for each in known if status_on(day, [each]) is standing]
    return of_standing[0] if standing is EnrolmentStatus.PRE_REGISTERED else of_standing[-1]


def _facts(language: str, student: Values, stay: Values) -> list[tuple[str, str]]:
    name, native = full_name(student), text_of(student, "native_name")
    return [
        ("name", name),
        ("native_name", native if native != name else ""),
        ("birth_date", date_in(language, student.get("birth_date"))),
        ("student_number", text_of(student, "student_number")),
        ("grade_level", text_of(stay, "grade_level") or text_of(student, "grade_level")),
        ("homeroom", "" if stay.get("exit_date") else text_of(student, "homeroom")),
        ("entry_date", date_in(language, stay.get("entry_date"))),
        ("exit_date", date_in(language, stay.get("exit_date"))),
    ]
