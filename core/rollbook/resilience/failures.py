"""The one set of kinds into which every border translates what it meets (R1)."""

from enum import StrEnum


class FailureKind(StrEnum):
    """What a failure says, and so what may be done about it."""

    TRANSIENT = "transient"  # may be tried again
    CLIENT = "client"  # the request itself is wrong: never again as it is
    SERVER = "server"  # the other side is broken: log, alert, investigate
    LOCAL = "local"  # this machine has no way out: says nothing about the other side
    CANCELLED = "cancelled"  # says nothing


AVAILABILITY = frozenset({FailureKind.TRANSIENT, FailureKind.SERVER, FailureKind.LOCAL})
"""Kinds for which a fallback may answer (R6)."""

COUNTED = frozenset({FailureKind.TRANSIENT, FailureKind.SERVER})
"""Kinds that a breaker counts (R4)."""


class CallFailedError(Exception):
    """A call that failed, classified.

    ``code`` is a stable word; ``retry_after`` is in seconds; ``outcome_unknown`` says that the other side may
    have done what was asked; ``problem`` is what it answered, where it answered in the agreed form.
    """

    was_made: bool = True
    """``False`` where nothing was asked of the other side at all."""

    def __init__(
        self,
        kind: FailureKind,
        code: str,
        detail: str = "",
        *,
        request_id: str | None = None,
        retry_after: float | None = None,
        outcome_unknown: bool = False,
        problem: object = None,
    ) -> None:
        super().__init__(detail or code)
        self.kind = kind
        self.code = code
        self.detail = detail
        self.request_id = request_id
        self.retry_after = retry_after
        self.outcome_unknown = outcome_unknown
        self.problem = problem
