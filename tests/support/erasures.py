"""A person at a school with all that may be about them, and their erasure by an administrator (D3)."""

from pathlib import Path
from typing import Any

from rollbook.client.values import Edit
from rollbook.contract.erasure import Erasure, ErasureRequest, RecordName
from rollbook.server.erasure.service import Asker
from support.client_desk import ClientDesk
from support.school_server import SchoolServer

NAME = "Zyxwvutia"


def everything_of(desk: ClientDesk, photo: bytes = b"") -> str:
    """A student with a history, a contact, a note and a spell, entered at ``desk``; gives the id."""
    student = desk.add(given_name=NAME, family_name="Katz", student_number="0815").entity_id
    desk.sync()
    desk.change(student, email=f"{NAME}@example.org")
    if photo:
        desk.client.attach("student", student, "photo", photo)
    contact = desk.client.save(Edit("contact", None, {"given_name": f"Mother of {NAME}"})).entity_id
    link = {"student_id": student, "contact_id": contact, "relationship": "mother"}
    desk.client.save(Edit("student_contact", None, link))
    desk.client.save(Edit("note", None, {"student_id": student, "text": f"{NAME} sang"}))
    desk.client.save(Edit("enrolment", None, {"student_id": student, "entry_date": "2026-09-01"}))
    status = desk.sync()
    assert status.up_to_date, status
    return student


def erase(school: SchoolServer, student: str, *, also: Any = None, by: str = "ada") -> Erasure:
    """The student, and the contacts that are left alone; nothing of them is left in the server's files."""
    person = RecordName("student", student)
    seen = school.parts.erasures.preview(school.school_id, person)
    alone = [RecordName(each.entity, each.id) for each in seen.left_alone] if also is None else also
    asked = ErasureRequest(person, confirm="0815", reason="Asked in writing.", also=alone)
    done = school.parts.erasures.erase(school.school_id, Asker("", by), asked)
    assert school.parts.erasures.scrub()
    return done


def files_with(folder: Path, text: bytes) -> list[Path]:
    """The files below a folder in which those bytes are."""
    return [each for each in folder.rglob("*") if each.is_file() and text in each.read_bytes()]
