"""Marks for work: scales, categories with weights, what is graded, results and final grades."""

from dataclasses import dataclass

from rollbook.domain.entity import FieldType, RuleBreach, Values, attribute, describe, reference
from rollbook.domain.words import SOURCE, YES_NO

SCALE_KINDS = ("numeric", "percent", "letters")
SCORE_STATUSES = ("exempt", "not_submitted", "submitted", "partially_graded", "fully_graded")


@dataclass(frozen=True, slots=True)
class GradeScale:
    """How marks are written. ``steps`` of a scale of letters: one a line, ``A=90`` for 90 % and above."""

    title: str | None = attribute(required=True, searched=True, listed=True)
    kind: str | None = attribute(type=FieldType.CHOICE, choices=SCALE_KINDS, required=True)
    minimum: str | None = attribute(type=FieldType.DECIMAL)
    maximum: str | None = attribute(type=FieldType.DECIMAL)
    pass_mark: str | None = attribute(type=FieldType.DECIMAL)
    steps: str | None = attribute(type=FieldType.LONG_TEXT, limit=500)
    source_system: str | None = attribute(limit=60, section="source")
    sourced_id: str | None = attribute(limit=100, section="source")


@dataclass(frozen=True, slots=True)
class Category:
    """A part of a section's grade: tests, homework. The lowest ``drop_lowest`` results do not count."""

    section_id: str | None = reference("section", required=True, listed=True)
    title: str | None = attribute(required=True, searched=True, listed=True)
    weight: str | None = attribute(type=FieldType.DECIMAL, at_least=0)
    drop_lowest: int | None = attribute(type=FieldType.INTEGER, at_least=0)
    source_system: str | None = attribute(limit=60, section="source")
    sourced_id: str | None = attribute(limit=100, section="source")


@dataclass(frozen=True, slots=True)
class LineItem:
    """Something that is graded: a test, an essay. ``maximum`` is the best score there is for it."""

    section_id: str | None = reference("section", required=True, listed=True)
    title: str | None = attribute(required=True, searched=True, listed=True)
    category_id: str | None = reference("category")
    academic_session_id: str | None = reference("academic_session")
    due_date: str | None = attribute(type=FieldType.DATE, listed=True)
    maximum: str | None = attribute(type=FieldType.DECIMAL, at_least=0)
    weight: str | None = attribute(type=FieldType.DECIMAL, at_least=0)
    grade_scale_id: str | None = reference("grade_scale")
    source_system: str | None = attribute(limit=60, section="source")
    sourced_id: str | None = attribute(limit=100, section="source")


@dataclass(frozen=True, slots=True)
class Result:
    """What a student got for a line item: a score, or words, or why there is none."""

    line_item_id: str | None = reference("line_item", required=True, listed=True)
    student_id: str | None = reference("student", about=True, required=True, listed=True)
    score: str | None = attribute(type=FieldType.DECIMAL, group="score")
    text_score: str | None = attribute(limit=40, group="score")
    score_status: str | None = attribute(type=FieldType.CHOICE, choices=SCORE_STATUSES, group="score")
    late: str | None = attribute(type=FieldType.CHOICE, choices=YES_NO)
    missing: str | None = attribute(type=FieldType.CHOICE, choices=YES_NO, group="score")
    comment: str | None = attribute(type=FieldType.LONG_TEXT, limit=2000)
    source_system: str | None = attribute(limit=60, section="source")
    sourced_id: str | None = attribute(limit=100, section="source")


@dataclass(frozen=True, slots=True)
class FinalGrade:
    """The grade of a student in a section for a session. An override of what was reckoned has a reason."""

    section_id: str | None = reference("section", required=True, listed=True)
    student_id: str | None = reference("student", about=True, required=True, listed=True)
    academic_session_id: str | None = reference("academic_session", required=True)
    score: str | None = attribute(type=FieldType.DECIMAL, group="score")
    text_score: str | None = attribute(limit=40, group="score")
    override: str | None = attribute(type=FieldType.CHOICE, choices=YES_NO, group="score")
    reason: str | None = attribute(limit=500, group="score")


def override_has_a_reason(values: Values) -> tuple[RuleBreach, ...]:
    """Who sets a final grade by hand says why."""
    if values.get("override") != "yes" or values.get("reason"):
        return ()
    return (RuleBreach("reason", "required", "This is needed.", "Say why the grade was set by hand."),)


GRADE_SCALE = describe(
    "grade_scale", GradeScale, plural="grade-scales", area="set_up", natural_keys=(SOURCE,)
)
CATEGORY = describe("category", Category, plural="categories", area="marks", natural_keys=(SOURCE,))
LINE_ITEM = describe("line_item", LineItem, plural="line-items", area="marks", natural_keys=(SOURCE,))
RESULT = describe(
    "result",
    Result,
    plural="results",
    area="marks",
    natural_keys=(("line_item_id", "student_id"),),
    called=("student_id", "line_item_id"),
)
FINAL_GRADE = describe(
    "final_grade",
    FinalGrade,
    plural="final-grades",
    area="marks",
    rules=(override_has_a_reason,),
    natural_keys=(("section_id", "student_id", "academic_session_id"),),
    called=("student_id", "section_id"),
)

DEFAULT_SCALES = (
    # the id in our own words, title, kind, minimum, maximum, pass mark, steps
    ("numeric-20", "0–20", "numeric", "0", "20", "9.5", None),
    ("percent", "Percent", "percent", "0", "100", "50", None),
    ("letters", "Letters", "letters", None, None, "50", "A=85\nB=70\nC=55\nD=50\nF=0"),
)
