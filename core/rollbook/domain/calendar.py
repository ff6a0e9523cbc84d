"""The school's year: years, terms and grading periods, and when marks may be entered in them."""

from collections.abc import Callable
from dataclasses import dataclass

from rollbook.domain.entity import FieldType, RuleBreach, Values, attribute, describe, reference
from rollbook.domain.words import SOURCE, YES_NO

SESSION_TYPES = ("school_year", "semester", "term", "grading_period")


@dataclass(frozen=True, slots=True)
class AcademicSession:
    """A stretch of the calendar. Its ``parent_id`` is the one that it is a part of.

    Marks of it are entered from ``entry_opens`` to ``entry_closes``, and not at all once it is locked.
    """

    title: str | None = attribute(required=True, searched=True, listed=True)
    type: str | None = attribute(type=FieldType.CHOICE, choices=SESSION_TYPES, required=True, listed=True)
    parent_id: str | None = reference("academic_session")
    start_date: str | None = attribute(type=FieldType.DATE, required=True, listed=True, group="span")
    end_date: str | None = attribute(type=FieldType.DATE, required=True, group="span")
    entry_opens: str | None = attribute(type=FieldType.DATE, group="entry")
    entry_closes: str | None = attribute(type=FieldType.DATE, group="entry")
    locked: str | None = attribute(type=FieldType.CHOICE, choices=YES_NO)
    source_system: str | None = attribute(limit=60, section="source")
    sourced_id: str | None = attribute(limit=100, section="source")


def in_order(first: str, last: str) -> Callable[[Values], tuple[RuleBreach, ...]]:
    """The rule that the date ``last`` is not before the date ``first``."""

    def rule(values: Values) -> tuple[RuleBreach, ...]:
        begin, end = values.get(first), values.get(last)
        if not begin or not end or begin <= end:
            return ()
        return (
            RuleBreach(
                last, "before-its-beginning", "This is before the beginning.", f"Enter {begin} or later."
            ),
        )

    return rule


def lasts_on(span: Values, day: str) -> bool:
    """Whether a span of ``begin_date`` and ``end_date`` has that day (ISO 8601) in it.

    Both are among its days; one that is not known is no bound.
    """
    return (span.get("begin_date") or day) <= day <= (span.get("end_date") or day)


ACADEMIC_SESSION = describe(
    "academic_session",
    AcademicSession,
    plural="sessions",
    area="set_up",
    rules=(in_order("start_date", "end_date"), in_order("entry_opens", "entry_closes")),
    natural_keys=(SOURCE,),
)
