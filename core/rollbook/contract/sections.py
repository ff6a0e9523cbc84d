"""A section's register and results as the API shows and takes them: whole, with a version of their own."""

from typing import Annotated

import msgspec

MAX_ROWS = 2_000
MAX_MINUTES = 2**53 - 1
RecordId = Annotated[
    str, msgspec.Meta(pattern="^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
]
Code = Annotated[str, msgspec.Meta(max_length=10)]


class RegisterRow(msgspec.Struct, frozen=True):
    """A student who is in the section on the day. Without a mark they were present, if it was taken."""

    student_id: str
    label: str
    student_number: str | None
    attendance_mark_id: str | None
    teacher_code: str | None
    office_code: str | None
    minutes: int | None
    reason: str | None


class RegisterView(msgspec.Struct, frozen=True):
    """A register. ``taken`` tells “all present” from “not taken”. Its ``version`` grows with each change."""

    section_id: str
    title: str
    date: str
    period: str
    taken: bool
    version: int
    marks: list[RegisterRow]


class MarkEntry(msgspec.Struct, frozen=True):
    """What is entered for one student. A code that is left out stays; ``null`` is present, and no word
    of the office."""

    student_id: RecordId
    teacher_code: Code | msgspec.UnsetType | None = msgspec.UNSET
    office_code: Code | msgspec.UnsetType | None = msgspec.UNSET
    minutes: Annotated[int, msgspec.Meta(ge=0, le=MAX_MINUTES)] | None = None
    reason: Annotated[str, msgspec.Meta(max_length=500)] | None = None


class RegisterEntry(msgspec.Struct, frozen=True):
    """A register as it is taken: the exceptions. Who is not among them is present."""

    marks: Annotated[list[MarkEntry], msgspec.Meta(max_length=MAX_ROWS)]


class ResultRow(msgspec.Struct, frozen=True):
    """A student of the section with their result for the line item, if they have one."""

    student_id: str
    label: str
    student_number: str | None
    result_id: str | None
    score: str | None
    text_score: str | None
    score_status: str | None
    late: str | None
    missing: str | None
    comment: str | None


class LineItemResults(msgspec.Struct, frozen=True):
    """A line item with its results."""

    line_item_id: str
    title: str
    maximum: str | None
    results: list[ResultRow]


class ResultsView(msgspec.Struct, frozen=True):
    """The results of a section. Their ``version`` grows with each change of one of them."""

    section_id: str
    version: int
    line_items: list[LineItemResults]


class ScoreEntry(msgspec.Struct, frozen=True):
    """A score as it is written: a number (14.5 or 14,5), ``exempt``, ``missing``; empty takes it back."""

    line_item_id: RecordId
    student_id: RecordId
    score: Annotated[str, msgspec.Meta(max_length=40)] | float | int | None


class ResultsEntry(msgspec.Struct, frozen=True):
    """Scores of some students; who is not among them keeps what they have."""

    results: Annotated[list[ScoreEntry], msgspec.Meta(max_length=MAX_ROWS)]
