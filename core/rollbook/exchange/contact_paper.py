"""Whom to call about the students of a class, in which order (D13)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rollbook.domain.entity import Values
from rollbook.exchange.paper_words import UNKNOWN, date_in, words_in
from rollbook.exchange.papers import Paper, Printing, full_name, head, listed_name, text_of

_LAST = 1_000_000
_MAY = ("may_be_called", "custody", "lives_with")


@dataclass(frozen=True, slots=True)
class ContactRecords:
    """A student with links to contacts, the contacts by id, and what is kept apart, if it is wanted."""

    student: Values
    links: Sequence[Values]
    contacts: Mapping[str, Values]
    care: Values | None = None


def contact_sheet(printing: Printing, about: str, students: Sequence[ContactRecords]) -> Paper:
    """The sheet, the students in the order given."""
    words = words_in(printing.language)
    return head(printing, words["contact_sheet"], about) | {
        "facts": [words["students"].format(count=len(students)), words["confidential"]],
        "students": [_student(printing.language, each) for each in students],
    }


def _student(language: str, records: ContactRecords) -> Paper:
    words, student = words_in(language), records.student
    phone, care = text_of(student, "phone"), records.care or {}
    facts = [
        text_of(student, "student_number"),
        text_of(student, "homeroom"),
        date_in(language, student.get("birth_date")),
        words["phone_of"].format(phone=phone) if phone else "",
    ]
    apart = [text_of(care, name) for name in ("medical", "support")]
    known = [link for link in records.links if link["contact_id"] in records.contacts]
    known.sort(key=lambda link: (link["priority"] or _LAST, link["contact_id"]))
    return {
        "name": listed_name(student),
        "facts": " · ".join(fact for fact in facts if fact),
        "contacts": [_contact(language, link, records.contacts[link["contact_id"]]) for link in known],
        "care": words["care"].format(text="; ".join(filter(None, apart))) if any(apart) else "",
    }


def _contact(language: str, link: Values, contact: Values) -> list[str]:
    """Priority, name, who they are, phones as they were typed, and what they may."""
    words = words_in(language)
    phones = [text_of(contact, name) for name in ("mobile", "phone")]
    relationship, priority = link["relationship"], link["priority"]
    return [
        UNKNOWN if priority is None else str(priority),
        full_name(contact),
        words[relationship] if relationship else UNKNOWN,
        "\n".join(phone for phone in phones if phone) or UNKNOWN,
        *(words[link[name]] if link[name] else UNKNOWN for name in _MAY),
    ]
