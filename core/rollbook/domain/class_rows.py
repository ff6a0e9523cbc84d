"""Entries for several students of a class at once: each wrong row is named, and none is applied then."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from rollbook.domain.entity import RuleBreach


@dataclass(frozen=True, slots=True)
class RowEdit:
    """What the row of one student changes in their record; ``record_id`` is ``None`` where there is none yet.

    ``seen`` are the values that the person had before them, of a record that they saw.
    """

    student_id: str
    record_id: str | None
    changes: dict[str, Any]
    seen: dict[str, Any] | None = None


class UnfitRowError(Exception):
    """The row of a student breaks a rule."""

    def __init__(self, student_id: str, breach: RuleBreach) -> None:
        super().__init__(breach.message)
        self.student_id = student_id
        self.breach = breach


def breach(label: str, field: str, code: str, message: str, suggestion: str) -> RuleBreach:
    """What is wrong with one row; its message begins with whose row it is."""
    return RuleBreach(field, code, f"{label}: {message}", suggestion)


def strangers(given: Mapping[str, str], inside: Collection[str], why: str) -> list[tuple[str, RuleBreach]]:
    """Rows for who is not ``inside``, or for one student under two ids. ``given``: each id, whom it means."""
    found, seen = [], set[str]()
    for student_id, meant in given.items():
        if meant not in inside:
            wrong = breach(student_id, "student_id", "not-in-section", why, "Leave this student out.")
            found.append((student_id, wrong))
        elif meant in seen:
            wrong = breach(
                student_id, "student_id", "twice", "This student stands here twice.", "Enter once."
            )
            found.append((student_id, wrong))
        seen.add(meant)
    return found
