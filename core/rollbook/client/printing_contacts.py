"""Contact sheets (D13)."""

from collections import defaultdict
from datetime import date
from pathlib import Path

from rollbook.client.facade import Client
from rollbook.client.printed_for import Whom, chosen, printing_for
from rollbook.client.record_view import Record
from rollbook.domain.roles import Right, rights_of
from rollbook.exchange import NotPrintableError
from rollbook.exchange.contact_paper import ContactRecords, contact_sheet
from rollbook.exchange.typesetting import print_paper


def print_contact_sheet(
    client: Client,
    whom: Whom,
    file: Path,
    day: date,
    *,
    care: bool = False,
    language: str | None = None,
    replace: bool = False,
) -> int:
    """Write whom to call about each student; returns how many students.

    ``care``: with health and support, for who may see them. Raises :class:`ExchangeError`, also for who may
    not.
    """
    if care and Right.READ_CARE not in rights_of(client.account.role):
        raise NotPrintableError(
            "not-allowed",
            "Your role may not see health and support.",
            "Print without them, or ask the administrator.",
        )
    printing, today = printing_for(client, day, language), day.isoformat()
    with client.view() as view:
        found = chosen(view, whom, printing.language, today, today)
        ids = {student["id"] for student in found.students}
        links: defaultdict[str, list[Record]] = defaultdict(list)
        for link in view.of("student_contact", student_id=ids):
            links[link["student_id"]].append(link)
        contacts = view.by_id("contact", {link["contact_id"] for each in links.values() for link in each})
        apart = {each["student_id"]: each for each in view.of("care", student_id=ids)} if care else {}
    records = [
        ContactRecords(student, links[student["id"]], contacts, apart.get(student["id"]))
        for student in found.students
    ]
    print_paper(file, "contact-sheet", contact_sheet(printing, found.title, records), replace=replace)
    return len(records)
