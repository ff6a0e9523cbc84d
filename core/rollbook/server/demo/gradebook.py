"""The made-up grades: categories with weights, work with results, and the final grades of last year."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from rollbook.domain.ids import natural_id
from rollbook.server.demo.chance import chance_of, made_up_id
from rollbook.server.demo.classes import Lesson, scale_of, span_in
from rollbook.server.demo.pupils import Pupil
from rollbook.server.sync.new_records import NewRecord

_CATEGORIES = (("Tests", "60"), ("Homework", "40"))
_WORK = (("First test", "Tests", 35), ("Homework 1", "Homework", 20), ("Homework 2", "Homework", 48))
"""Title, category, and how many days after the first one it is due."""
_EXEMPT, _MISSING, _LATE, _OVERRIDDEN = 0.02, 0.03, 0.04, 0.02


def work_of(lesson: Lesson, school_id: str, seed: int, today: date) -> Iterator[NewRecord]:
    """What is graded in a lesson of this year, with the results of what was due before ``today``."""
    categories = {title: made_up_id("category", seed, lesson.id, title) for title, _weight in _CATEGORIES}
    for title, weight in _CATEGORIES:
        named = {"section_id": lesson.id, "title": title, "weight": weight}
        yield "category", categories[title], named
    maximum = 20 if scale_of(lesson.grade) == "numeric-20" else 100
    for title, category, days in _WORK:
        due = lesson.year.first_day + timedelta(days)
        item = made_up_id("line_item", seed, lesson.id, title)
        yield (
            "line_item",
            item,
            {
                "section_id": lesson.id,
                "title": title,
                "category_id": categories[category],
                "academic_session_id": lesson.year.periods[0][0],
                "due_date": due.isoformat(),
                "maximum": str(maximum),
            },
        )
        if due < today:
            chance = chance_of(seed, "results", item)
            for pupil in lesson.pupils:
                begin, end = span_in(pupil, lesson)
                if begin <= due <= end:
                    yield _result(chance, school_id, item, pupil, maximum)


def final_grades(lesson: Lesson, school_id: str, seed: int) -> Iterator[NewRecord]:
    """What stood in the reports of a year that is over."""
    chance = chance_of(seed, "finals", lesson.id)
    for pupil in lesson.pupils:
        maximum = 20 if scale_of(lesson.grade) == "numeric-20" else 100
        values: dict[str, object] = {
            "section_id": lesson.id,
            "student_id": pupil.id,
            "academic_session_id": lesson.year.id,
            "score": _score(chance, pupil, maximum),
        }
        if chance.random() < _OVERRIDDEN:
            values |= {"override": "yes", "reason": "Decided by the conference of teachers."}
        names = (lesson.id, pupil.id, lesson.year.id)
        yield "final_grade", natural_id("final_grade", school_id, *names), values


def _result(chance: Random, school_id: str, item: str, pupil: Pupil, maximum: int) -> NewRecord:
    values: dict[str, object] = {"line_item_id": item, "student_id": pupil.id}
    roll = chance.random()
    if roll < _EXEMPT:
        values["score_status"] = "exempt"
    elif roll < _EXEMPT + _MISSING:
        values |= {"score_status": "not_submitted", "missing": "yes"}
    else:
        values |= {"score": _score(chance, pupil, maximum), "score_status": "fully_graded"}
        if chance.random() < _LATE:
            values["late"] = "yes"
    return "result", natural_id("result", school_id, item, pupil.id), values


def _score(chance: Random, pupil: Pupil, maximum: int) -> str:
    """In halves of a point, around what the pupil is able to."""
    share = min(1.0, max(0.0, pupil.ability + chance.gauss(0, 0.1)))
    halves = round(share * maximum * 2)
    return f"{halves // 2}.5" if halves % 2 else str(halves // 2)
