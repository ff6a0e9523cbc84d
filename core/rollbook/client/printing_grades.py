"""Report cards and transcripts, of one student or of many in one file (D13, D1, D2)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from rollbook.client.facade import Client
from rollbook.client.printed_for import Whom, chosen, meets, printing_for, teachers_of
from rollbook.client.record_view import Record, RecordView
from rollbook.domain.attendance_rate import attendance_of
from rollbook.exchange import NotPrintableError
from rollbook.exchange.grade_papers import (
    CourseRecords,
    FinalRecord,
    grade_papers,
    report_card,
    transcript,
)
from rollbook.exchange.papers import Paper, Printing
from rollbook.exchange.typesetting import print_paper

_YEAR = "school_year"
_SOME = 200
"""Students whose records are read at once: what is in memory does not grow with the school."""


def print_report_cards(
    client: Client,
    whom: Whom,
    session: str,
    file: Path,
    day: date,
    *,
    language: str | None = None,
    replace: bool = False,
) -> int:
    """Write each student's report card of a term, named by its id or its title; returns how many.

    Raises :class:`ExchangeError`, also for a term that is not here.
    """
    printing = printing_for(client, day, language)
    with client.view() as view:
        term = _Term.named(view, session)
        first, last = str(term.session["start_date"]), str(term.session["end_date"])
        found = chosen(view, whom, printing.language, first, last)
        cards = [
            card for some in _parts(found.students) for card in _report_cards(view, printing, term, some)
        ]
    whole = grade_papers(printing, "report_card", str(term.session["title"]), cards)
    print_paper(file, "report-card", whole, replace=replace)
    return len(cards)


def print_transcripts(
    client: Client,
    whom: Whom,
    file: Path,
    day: date,
    *,
    language: str | None = None,
    replace: bool = False,
) -> int:
    """Write all final grades and enrolments of each student; returns how many. Raises as the others do."""
    printing, today = printing_for(client, day, language), day.isoformat()
    with client.view() as view:
        found = chosen(view, whom, printing.language, today, today)
        papers = [paper for some in _parts(found.students) for paper in _transcripts(view, printing, some)]
    whole = grade_papers(printing, "transcript", found.title, papers)
    print_paper(file, "transcript", whole, replace=replace)
    return len(papers)


@dataclass(frozen=True, slots=True)
class _Term:
    """The session of the report, and the ids of all that are it or a part of it, or of which it is one."""

    session: Record
    inside: frozenset[str]
    around: frozenset[str]

    @classmethod
    def named(cls, view: RecordView, name: str) -> "_Term":
        sessions = view.by_id("academic_session")
        fitting = [each for key, each in sessions.items() if key == name] or [
            each for each in sessions.values() if str(each["title"]).casefold() == name.strip().casefold()
        ]
        if len(fitting) != 1:
            raise _no_such_term(name, fitting or sessions.values(), several=bool(fitting))
        ((session),) = fitting
        around = frozenset(_line_up(session, sessions))
        inside = frozenset(key for key, each in sessions.items() if session["id"] in _line_up(each, sessions))
        return cls(session, inside, around)

    def has(self, item: Record) -> bool:
        """Whether something that is graded counts: by its session, else by the day on which it is due."""
        if item["academic_session_id"]:
            return item["academic_session_id"] in self.inside
        return bool(item["due_date"]) and self.lasts_on(item["due_date"])

    def lasts_on(self, day: str) -> bool:
        return str(self.session["start_date"]) <= day <= str(self.session["end_date"])

    def holds(self, section: Record) -> bool:
        """Whether the section is held in it, as far as is known."""
        named = section["academic_session_id"]
        return not named or named in self.inside or named in self.around

    def meets(self, span: Record) -> bool:
        return meets(span, str(self.session["start_date"]), str(self.session["end_date"]))


def _report_cards(view: RecordView, printing: Printing, term: _Term, some: list[Record]) -> list[Paper]:
    ids = {student["id"] for student in some}
    spans = view.of("section_enrolment", student_id=ids)
    sections = view.by_id("section", {each["section_id"] for each in spans})
    courses = _Courses.of(view, term, sections, ids)
    marks = _by_student(view.of("attendance_mark", student_id=ids))
    taken = [each for each in view.of("register_taken", section_id=sections) if term.lasts_on(each["date"])]
    codes, own_spans = view.of("attendance_code"), _by_student(spans)
    found = []
    for student in some:
        key = student["id"]
        held = {each["section_id"] for each in own_spans[key] if term.meets(each)}
        own = [sections[each] for each in held if each in sections and term.holds(sections[each])]
        in_term = [mark for mark in marks[key] if term.lasts_on(mark["date"])]
        attendance = attendance_of(key, own_spans[key], taken, in_term, codes)
        found.append(report_card(printing, student, courses.of_student(key, own), attendance))
    return found


@dataclass(frozen=True, slots=True)
class _Courses:
    """All that the report cards of some students say of their courses."""

    courses: Mapping[str, Record]
    scales: Mapping[str, Record]
    teachers: Mapping[str, list[str]]
    line_items: Mapping[str, Mapping[str, Record]]
    categories: Mapping[str, Mapping[str, Record]]
    results: Mapping[str, list[Record]]
    finals: Mapping[tuple[str, str], Record]

    @classmethod
    def of(
        cls, view: RecordView, term: _Term, sections: Mapping[str, Record], students: Collection[str]
    ) -> "_Courses":
        items = [item for item in view.of("line_item", section_id=sections) if term.has(item)]
        finals = [
            each
            for each in view.of("final_grade", student_id=students)
            if each["academic_session_id"] == term.session["id"]
        ]
        return cls(
            view.by_id("course", {each["course_id"] for each in sections.values() if each["course_id"]}),
            view.by_id("grade_scale"),
            teachers_of(view, sections),
            _by_section(items),
            _by_section(view.of("category", section_id=sections)),
            _by_student(view.of("result", student_id=students)),
            {(each["section_id"], each["student_id"]): each for each in finals},
        )

    def of_student(self, student_id: str, sections: Iterable[Record]) -> list[CourseRecords]:
        """Those sections that have a mark or something to be marked; a homeroom without any is no course."""
        found = [self._course(student_id, section) for section in sections if self._marks(section)]
        return sorted(found, key=lambda course: course.title)

    def _marks(self, section: Record) -> bool:
        key = section["id"]
        graded = key in self.line_items or any(key == named for named, _student in self.finals)
        return graded or section["class_type"] != "homeroom"

    def _course(self, student_id: str, section: Record) -> CourseRecords:
        key = section["id"]
        items = self.line_items.get(key, {})
        return CourseRecords(
            _course_title(self.courses, section),
            self.teachers.get(key, ()),
            self.scales.get(section["grade_scale_id"] or ""),
            [each for each in self.results.get(student_id, ()) if each["line_item_id"] in items],
            items,
            self.categories.get(key, {}),
            self.finals.get((key, student_id)),
        )


def _transcripts(view: RecordView, printing: Printing, some: list[Record]) -> list[Paper]:
    ids = {student["id"] for student in some}
    finals = _by_student(view.of("final_grade", student_id=ids))
    stays = _by_student(view.of("enrolment", student_id=ids))
    sections = view.by_id("section", {each["section_id"] for own in finals.values() for each in own})
    courses = view.by_id("course", {each["course_id"] for each in sections.values() if each["course_id"]})
    sessions = view.by_id("academic_session")

    def in_words(grade: Record) -> tuple[tuple[str, str, str], FinalRecord]:
        session = sessions.get(grade["academic_session_id"], {})
        line = [sessions[key] for key in _line_up(session, sessions)] if session else []
        year: Mapping[str, object] = next((each for each in line if each["type"] == _YEAR), session)
        section = sections.get(grade["section_id"])
        course = "" if section is None else _course_title(courses, section)
        title = str(session.get("title") or "")
        place = (str(year.get("start_date") or ""), str(session.get("start_date") or ""), course)
        return place, FinalRecord(str(year.get("title") or title), title, course, grade)

    found = []
    for student in some:
        in_order = sorted(map(in_words, finals[student["id"]]), key=lambda pair: pair[0])
        grades = [grade for _place, grade in in_order]
        found.append(transcript(printing, student, grades, stays[student["id"]]))
    return found


def _course_title(courses: Mapping[str, Record], section: Record) -> str:
    course = courses.get(section["course_id"] or "")
    return str((course or section)["title"] or "")


def _line_up(session: Record, sessions: Mapping[str, Record]) -> list[str]:
    """The session's id and those of what it is a part of, outwards; a circle ends where it closes."""
    found: list[str] = []
    at: Record | None = session
    while at is not None and at["id"] not in found:
        found.append(at["id"])
        at = sessions.get(at["parent_id"] or "")
    return found


def _by_student(records: Iterable[Record]) -> defaultdict[str, list[Record]]:
    found: defaultdict[str, list[Record]] = defaultdict(list)
    for record in records:
        found[record["student_id"]].append(record)
    return found


def _by_section(records: Iterable[Record]) -> dict[str, dict[str, Record]]:
    found: dict[str, dict[str, Record]] = {}
    for record in records:
        found.setdefault(record["section_id"], {})[record["id"]] = record
    return found


def _parts(students: list[Record]) -> Iterable[list[Record]]:
    return (students[at : at + _SOME] for at in range(0, len(students), _SOME))


def _no_such_term(name: str, known: Iterable[Record], *, several: bool) -> NotPrintableError:
    said = f"Several terms are called “{name}”." if several else f"There is no term “{name}” here."
    named = ", ".join(
        f"{each['title']} ({each['id']})" for each in sorted(known, key=lambda each: str(each["start_date"]))
    )
    return NotPrintableError("no-such-term", said, f"Give its ID. Here are: {named or 'none yet'}.")
