"""States of an entry in the outbox (S3)."""

from enum import StrEnum


class State(StrEnum):
    """Where an entry is. Those from ``applied`` on are for good."""

    QUEUED = "queued"
    SENDING = "sending"  # leased: on its way
    UNKNOWN = "unknown"  # sent, and the answer never came
    FAILED = "failed"  # for the moment; tried again by itself
    PARKED = "parked"  # refused; a person must act
    CONFLICT = "conflict"  # a person must choose
    GIVING_BACK = "giving_back"  # the school had it and lost it; it gets it back by itself (S22)
    HANDED_OVER = "handed_over"  # the right was withdrawn: a registrar decides, and the feed tells (S23)
    APPLIED = "applied"
    REPLACED = "replaced"  # mended by a newer entry
    DISCARDED = "discarded"
    DECLINED = "declined"  # the registrar did not accept it


ACTIVE = (
    State.QUEUED,
    State.SENDING,
    State.UNKNOWN,
    State.FAILED,
    State.PARKED,
    State.CONFLICT,
    State.GIVING_BACK,
)
SHOWN = (*ACTIVE, State.HANDED_OVER)
"""What is not settled: what waits here, and what was handed to the registrar."""
SETTLED = (State.APPLIED, State.REPLACED, State.DISCARDED, State.DECLINED)
GOES_BY_ITSELF = (State.QUEUED, State.SENDING, State.UNKNOWN, State.FAILED, State.GIVING_BACK)
NEEDS_A_PERSON = (State.PARKED, State.CONFLICT)
