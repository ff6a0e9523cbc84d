"""What is told of a student, of a class and of who is at risk, in figures as people read them (D1, D2).

Reckoned here for the server and for a desk alike, so that both tell the same of the same records. What is not
known is ``None``. Rates, percents and points are per cent with one decimal, as text.
"""

from collections.abc import Collection, Iterable
from fractions import Fraction
from typing import Any

from rollbook.domain.attendance_rate import Attendance, attendance_in, codes_of, together
from rollbook.domain.distribution import Distribution, bands_of, compared, distribution_of
from rollbook.domain.entity import Values
from rollbook.domain.figure_records import (
    AttendanceRecords,
    GradeRecords,
    Reading,
    attendance_of_section,
    attendance_of_students,
    grades_of_sections,
    grades_of_students,
    inside_of,
)
from rollbook.domain.grade_average import Average, average_of, on_scale, shown
from rollbook.domain.trends import (
    Stretch,
    attendance_over,
    averages_over,
    change_in,
    due_in,
    sessions_of,
    weeks_of,
)

Told = dict[str, Any]
_TERMS = ("term", "semester")
_QUARTILES = ("lower_quartile", "median", "upper_quartile")
_COUNTS = ("present", "partial", "absent", "late", "excused", "not_expected", "unknown")


def student_attendance(reading: Reading, student_id: str) -> Told:
    """The rate, and the registers that it is made of."""
    return _attendance_told(attendance_in(*_registers(reading, student_id)))


def student_attendance_trend(reading: Reading, student_id: str) -> Told:
    """The same week by week and term by term, and how the last known week differs from the one before."""
    records = attendance_of_students(reading, [student_id])
    registers = codes_of(student_id, records.enrolments, records.taken, records.marks)
    stretches = weeks_of(day for _section, day, _period in registers)
    weeks = attendance_over(stretches, registers, records.codes)
    terms = attendance_over(_terms(reading), registers, records.codes)
    return _attendance_trend(weeks, terms)


def student_grades(reading: Reading, student_id: str) -> list[Told]:
    """The average in each class in which the student has results, in the order of the titles."""
    records = grades_of_students(reading, [student_id])
    return [
        {"section_id": section_id, "title": section["title"]}
        | _average_told(average_of(records.results, items, records.categories), _scale(records, section))
        for section_id, section, items in _by_section(records)
    ]


def student_grades_trend(reading: Reading, student_id: str) -> list[Told]:
    """The average in each class by terms; ``change`` in points from the known term before the last known."""
    records = grades_of_students(reading, [student_id])
    terms = _terms(reading)
    told = []
    for section_id, section, items in _by_section(records):
        found = averages_over(terms, records.results, items, records.categories)
        told.append({"section_id": section_id, "title": section["title"], **_grades_trend(found)})
    return told


def section_attendance(reading: Reading, section_id: str) -> Told:
    """The attendance of all that are or were in the class, together."""
    records = attendance_of_section(reading, section_id)
    found = [attendance_in(own.values(), records.codes) for own in _registers_by_student(records).values()]
    return {"students": len(found), **_attendance_told(together(found))}


def section_attendance_trend(reading: Reading, section_id: str) -> Told:
    """The same week by week and term by term."""
    records = attendance_of_section(reading, section_id)
    students = _registers_by_student(records)
    weeks = weeks_of(each["date"] for each in (*records.taken, *records.marks))
    return _attendance_trend(
        *(
            _together_over(
                stretches, [attendance_over(stretches, own, records.codes) for own in students.values()]
            )
            for stretches in (weeks, _terms(reading))
        )
    )


def section_grades(reading: Reading, section_id: str) -> Told:
    """How the averages of the class's students are spread; ``ungraded`` of those in it have none."""
    records = grades_of_sections(reading, [section_id])
    percents = _percents(records, section_id)
    inside = {each["student_id"] for each in inside_of(reading, [section_id])}
    return _spread_told(distribution_of(percents.values()), len(inside - percents.keys()))


def section_grades_trend(reading: Reading, section_id: str) -> Told:
    """The middle of the students' averages by terms; ``change`` in points from one known term to the next."""
    records = grades_of_sections(reading, [section_id])
    found = []
    for term in _terms(reading):
        spread = distribution_of(_percents(records, section_id, term).values())
        found.append((term, spread))
    medians = [None if spread is None else spread.median for _term, spread in found]
    terms = [_term_told(term) | _figures_told(spread, "median") for term, spread in found]
    return {"terms": terms, "change": _or_none(change_in(medians))}


def section_comparison(reading: Reading, section_id: str) -> list[Told]:
    """The classes of the same course and session, by title, this one among them; none without a course."""
    own = reading.among("section", "id", [section_id]).get(section_id)
    if own is None or not own["course_id"]:
        return []
    session = own["academic_session_id"]
    of_course = reading.among("section", "course_id", reading.names_of("course", [own["course_id"]]))
    beside = {name: each for name, each in of_course.items() if each["academic_session_id"] == session}
    records = grades_of_sections(reading, beside.keys())
    percents = {name: list(_percents(records, name).values()) for name in beside}
    standings = compared(percents)
    return [
        {
            "section_id": name,
            "title": section["title"],
            **_figures_told(standings[name].distribution, *_QUARTILES),
            "from_all": _or_none(standings[name].from_all),
        }
        for name, section in sorted(beside.items(), key=lambda each: (str(each[1]["title"]), each[0]))
    ]


def _registers(reading: Reading, student_id: str) -> tuple[Collection[str | None], list[Values]]:
    records = attendance_of_students(reading, [student_id])
    registers = codes_of(student_id, records.enrolments, records.taken, records.marks)
    return registers.values(), records.codes


def _registers_by_student(records: AttendanceRecords) -> dict[str, dict[Any, str | None]]:
    enrolments, marks = grouped(records.enrolments), grouped(records.marks)
    return {
        student: codes_of(student, enrolments.get(student, ()), records.taken, marks.get(student, ()))
        for student in enrolments.keys() | marks.keys()
    }


def grouped(records: Iterable[Values]) -> dict[str, list[Values]]:
    """Records by the student whom they are about."""
    found: dict[str, list[Values]] = {}
    for each in records:
        found.setdefault(each["student_id"], []).append(each)
    return found


def _by_section(records: GradeRecords) -> list[tuple[str, Values, dict[str, Values]]]:
    """Each class with its line items, by title."""
    items: dict[str, dict[str, Values]] = {}
    for name, item in records.line_items.items():
        items.setdefault(item["section_id"], {})[name] = item
    in_order = sorted(records.sections.items(), key=lambda each: (str(each[1]["title"]), each[0]))
    return [(name, section, items.get(name, {})) for name, section in in_order]


def _percents(records: GradeRecords, section_id: str, term: Stretch | None = None) -> dict[str, Fraction]:
    """The averages of those who have one in the class, by student; with a term, of what was due in it."""
    items = {name: each for name, each in records.line_items.items() if each["section_id"] == section_id}
    if term is not None:
        items = due_in(term, items)
    own = grouped(each for each in records.results if each["line_item_id"] in items)
    found = {student: average_of(results, items, records.categories) for student, results in own.items()}
    return {student: average.percent for student, average in found.items() if average is not None}


def _terms(reading: Reading) -> list[Stretch]:
    return sessions_of(reading.every("academic_session").values(), *_TERMS)


def _scale(records: GradeRecords, section: Values) -> Values:
    return records.scales.get(section["grade_scale_id"] or "", {})


def _together_over(
    stretches: list[Stretch], students: list[list[tuple[Stretch, Attendance]]]
) -> list[tuple[Stretch, Attendance]]:
    return [(each, together(own[place][1] for own in students)) for place, each in enumerate(stretches)]


def _attendance_told(found: Attendance) -> Told:
    counts = {name: getattr(found, name) for name in _COUNTS}
    return {"rate": _or_none(found.rate), "expected": found.expected, **counts}


def _attendance_trend(
    weeks: list[tuple[Stretch, Attendance]], terms: list[tuple[Stretch, Attendance]]
) -> Told:
    change = change_in(found.rate for _week, found in weeks)
    return {
        "weeks": [{"first": week.first, "last": week.last, **_attended(found)} for week, found in weeks],
        "terms": [_term_told(term) | _attended(found) for term, found in terms],
        "change": _or_none(change),
    }


def _attended(found: Attendance) -> Told:
    return {"rate": _or_none(found.rate), "expected": found.expected, "absent": found.absent}


def _term_told(term: Stretch) -> Told:
    return {"title": term.title, "first": term.first, "last": term.last}


def _grades_trend(found: list[tuple[Stretch, Average | None]]) -> Told:
    percents = [None if average is None else average.percent for _term, average in found]
    terms = [
        _term_told(term)
        | {"percent": _or_none(percent), "counted": 0 if average is None else average.counted}
        for (term, average), percent in zip(found, percents, strict=True)
    ]
    return {"terms": terms, "change": _or_none(change_in(percents))}


def _average_told(average: Average | None, scale: Values) -> Told:
    if average is None:
        return {"percent": None, "average": None, "counted": 0}
    percent = average.percent
    return {"percent": shown(percent), "average": on_scale(percent, scale), "counted": average.counted}


def _spread_told(found: Distribution | None, ungraded: int) -> Told:
    return {
        **_figures_told(found, "lowest", *_QUARTILES, "highest", "mean"),
        "bands": list(bands_of(()) if found is None else found.bands),
        "ungraded": ungraded,
    }


def _figures_told(found: Distribution | None, *names: str) -> Told:
    figures = {name: None if found is None else shown(getattr(found, name)) for name in names}
    return {"graded": 0 if found is None else found.count, **figures}


def _or_none(figure: Fraction | None) -> str | None:
    return None if figure is None else shown(figure)
