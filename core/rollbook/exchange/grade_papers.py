"""Report cards and transcripts: a student's marks as they are recorded and reckoned (D13, D1, D2)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from rollbook.domain.attendance_rate import Attendance
from rollbook.domain.entity import Values
from rollbook.domain.grade_average import average_of, on_scale, shown
from rollbook.exchange.paper_words import UNKNOWN, date_in, number_in, words_in
from rollbook.exchange.papers import Paper, Printing, full_name, head, text_of

_BY_HAND = "*"


@dataclass(frozen=True, slots=True)
class CourseRecords:
    """One student in one section, for one term. ``line_items`` and ``categories`` are records by id."""

    title: str
    teachers: Sequence[str]
    scale: Values | None
    results: Sequence[Values]
    line_items: Mapping[str, Values]
    categories: Mapping[str, Values]
    final: Values | None


@dataclass(frozen=True, slots=True)
class FinalRecord:
    """A final grade with its course and when it was: ``year`` and ``session`` are titles."""

    year: str
    session: str
    course: str
    grade: Values


def report_card(
    printing: Printing, student: Values, courses: Sequence[CourseRecords], attendance: Attendance
) -> Paper:
    """One student's part of :func:`grade_papers`. What is not known is “–”."""
    lines = [_course(printing.language, each) for each in courses]
    by_hand = any(_is_by_hand(each.final) for each in courses)
    return _of_student(printing, student) | {
        "courses": lines,
        "attendance": _attendance(printing.language, attendance),
        "note": words_in(printing.language)["by_hand"] if by_hand else "",
    }


def transcript(
    printing: Printing, student: Values, finals: Sequence[FinalRecord], stays: Iterable[Values]
) -> Paper:
    """One student's part of :func:`grade_papers`: ``finals`` in the order of their years."""
    language = printing.language
    years: dict[str, list[list[str]]] = {}
    for each in finals:
        line = [each.course, each.session, _final(language, each.grade)]
        years.setdefault(each.year, []).append(line)
    by_hand = any(_is_by_hand(each.grade) for each in finals)
    return _of_student(printing, student) | {
        "years": [{"title": title, "lines": lines} for title, lines in years.items()],
        "stays": [_stay(language, stay) for stay in sorted(stays, key=lambda stay: stay["entry_date"] or "")],
        "note": words_in(language)["by_hand"] if by_hand else "",
    }


def grade_papers(printing: Printing, kind: str, about: str, students: Sequence[Paper]) -> Paper:
    """The papers of several students as one file; ``kind`` is the word for what they are."""
    return head(printing, words_in(printing.language)[kind], about) | {"students": list(students)}


def _of_student(printing: Printing, student: Values) -> dict[str, Any]:
    facts = [
        (name, value)
        for name, value in (
            ("student_number", text_of(student, "student_number")),
            ("birth_date", date_in(printing.language, student.get("birth_date"))),
            ("grade_level", text_of(student, "grade_level")),
            ("homeroom", text_of(student, "homeroom")),
        )
        if value
    ]
    words = words_in(printing.language)
    return {"name": full_name(student), "facts": [[words[name], value] for name, value in facts]}


def _course(language: str, course: CourseRecords) -> Paper:
    average = average_of(course.results, course.line_items, course.categories)
    parts = {} if average is None else average.categories
    return {
        "title": course.title,
        "teachers": ", ".join(course.teachers),
        "average": UNKNOWN if average is None else _on(language, course.scale, average.percent),
        "parts": [
            [text_of(category, "title"), _on(language, course.scale, parts[key]) if key in parts else UNKNOWN]
            for key, category in sorted(course.categories.items(), key=lambda item: str(item[1]["title"]))
        ],
        "final": UNKNOWN if course.final is None else _final(language, course.final),
    }


def _on(language: str, scale: Values | None, percent: Fraction) -> str:
    """The average as the course's scale writes it; in per cent where it has none."""
    written = number_in(language, shown(percent) if scale is None else on_scale(percent, scale))
    in_percent = scale is None or scale.get("kind") == "percent"
    return f"{written} %" if in_percent and written != UNKNOWN else written


def _final(language: str, grade: Values) -> str:
    written = text_of(grade, "text_score") or number_in(language, grade.get("score"))
    return f"{written} {_BY_HAND}" if _is_by_hand(grade) else written


def _is_by_hand(grade: Values | None) -> bool:
    return grade is not None and grade.get("override") == "yes"


def _attendance(language: str, found: Attendance) -> list[list[str]]:
    words, rate = words_in(language), found.rate
    if rate is None:
        return [[words["attended"], UNKNOWN]]
    counts = [
        ("registers", found.expected),
        ("absent", found.absent),
        ("excused", found.excused),
        ("late", found.late),
        ("partial", found.partial),
        ("uncounted", found.unknown),
    ]
    shown_always = ("registers", "absent", "excused", "late")
    lines = [[words[name], str(count)] for name, count in counts if count or name in shown_always]
    return [[words["attended"], f"{number_in(language, shown(rate))} %"], *lines]


def _stay(language: str, stay: Values) -> list[str]:
    span = [date_in(language, stay.get(name)) or UNKNOWN for name in ("entry_date", "exit_date")]
    return [text_of(stay, "grade_level") or UNKNOWN, *span]
