"""What a student is to the school on a day, from their enrolments; never kept, always reckoned."""

from collections.abc import Iterable
from enum import StrEnum

from rollbook.domain.entity import Values


class EnrolmentStatus(StrEnum):
    """A student's standing."""

    PRE_REGISTERED = "pre_registered"
    CURRENT = "current"
    LEFT = "left"


def status_on(day: str, enrolments: Iterable[Values]) -> EnrolmentStatus | None:
    """The standing on ``day`` (ISO 8601); ``None`` where there is no enrolment at all.

    The day of the exit is the last one at the school. A stretch that begins later counts only for who is
    not at the school now.
    """
    standing: EnrolmentStatus | None = None
    for each in enrolments:
        entry, left = each.get("entry_date"), each.get("exit_date")
        if entry is None or entry > day:
            standing = EnrolmentStatus.PRE_REGISTERED
        elif left is None or left >= day:
            return EnrolmentStatus.CURRENT
        elif standing is None:
            standing = EnrolmentStatus.LEFT
    return standing
