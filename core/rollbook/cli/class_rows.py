"""Rows of a section on the command line: a student's number, an equals sign, what is entered for them."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from rollbook.cli.answers import OUTSTANDING, Answer, CommandProblemError
from rollbook.client.values import Saved


class Line(Protocol):
    """A student in a list of a section."""

    @property
    def student_id(self) -> str:
        """The id."""

    @property
    def student_number(self) -> str | None:
        """The number, where there is one."""


def by_student(pairs: Sequence[str], lines: Iterable[Line], what: str) -> dict[str, str]:
    """What ``pairs`` (``NUMBER=…``) enter, by student id.

    Raises :class:`CommandProblemError` that names each number that nobody on the list has, or that is twice.
    """
    ids = {line.student_number: line.student_id for line in lines if line.student_number}
    found: dict[str, str] = {}
    wrong: list[str] = []
    for pair in pairs:
        number, equals, value = pair.partition("=")
        if not equals or not number:
            raise CommandProblemError(f"“{pair}” is not STUDENT_NUMBER={what}.", code="usage")
        if number not in ids:
            wrong.append(f"Nobody on this list has the number {number}.")
        elif ids[number] in found:
            wrong.append(f"The number {number} stands there twice.")
        else:
            found[ids[number]] = value
    if wrong:
        raise CommandProblemError(f"Not saved. {' '.join(wrong)}", code="not-found", data={"wrong": wrong})
    return found


def stored(saved: Sequence[Saved]) -> Answer:
    """The answer to what was saved as one; what had not changed made no entry."""
    made = [each for each in saved if each.op_id is not None]
    data = {
        "saved": len(made),
        "entries": [
            {"entity": each.entity, "id": each.entity_id, "operation": each.op_id, "state": each.state}
            for each in made
        ],
    }
    if not made:
        return Answer(data, [], ["Nothing had changed."])
    said = ["Saved on this computer; it goes to the school with the next sync."]
    return Answer(data, [each.entity_id for each in made], said, OUTSTANDING)
