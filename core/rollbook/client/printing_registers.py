"""A section's register on paper (D13, D1)."""

from datetime import date
from pathlib import Path

from rollbook.client.facade import Client
from rollbook.client.printed_for import Group, Whom, chosen, printing_for, the_section
from rollbook.client.record_view import Record, RecordView
from rollbook.domain.registers import DAY
from rollbook.exchange import NotPrintableError
from rollbook.exchange.paper_words import words_in
from rollbook.exchange.register_paper import RegisterRecords, register_sheet, school_days
from rollbook.exchange.typesetting import print_paper

MOST_DAYS = 31
"""As many as fit on a page beside each other."""


def print_register(
    client: Client,
    section_id: str,
    span: tuple[date, date],
    file: Path,
    day: date,
    *,
    period: str = DAY,
    empty: bool = False,
    language: str | None = None,
    replace: bool = False,
) -> int:
    """Write the register from the first to the last day of ``span``; returns how many students.

    ``empty``: to be filled in by hand. Raises :class:`ExchangeError`.
    """
    first, last = span
    if not 0 <= (last - first).days < MOST_DAYS:
        raise NotPrintableError(
            "span", "A register is printed for 1 to 31 days.", "Choose a week or a month."
        )
    printing = printing_for(client, day, language)
    with client.view() as view:
        whom = Whom(Group.SECTION, section_id)
        students = chosen(view, whom, printing.language, first.isoformat(), last.isoformat()).students
        records = _records(view, section_id, students, span, period)
    title = records.title
    if period != DAY:
        title = f"{title} · {words_in(printing.language)['period'].format(period=period)}"
    days = school_days(first, last, records)
    if not days:
        raise NotPrintableError("span", "There is no school day in that time.", "Choose a week or a month.")
    paper = register_sheet(printing, records, days, empty=empty) | {"about": title}
    print_paper(file, "register", paper, replace=replace)
    return len(students)


def _records(
    view: RecordView, section_id: str, students: list[Record], span: tuple[date, date], period: str
) -> RegisterRecords:
    section = the_section(view, section_id)
    first, last = (day.isoformat() for day in span)
    ids = [section["id"]]
    taken = view.of("register_taken", section_id=ids, period=[period])
    marks = view.of("attendance_mark", section_id=ids, period=[period])
    return RegisterRecords(
        title=section["title"] or "",
        students=students,
        enrolments=view.of("section_enrolment", section_id=ids),
        taken=[each for each in taken if first <= each["date"] <= last],
        marks=[each for each in marks if first <= each["date"] <= last],
        codes=view.of("attendance_code"),
    )
