"""Entries of users who may not write any more, sealed and handed to the registrar (S23)."""

from enum import StrEnum
from typing import Any

import msgspec

from rollbook.contract.feed import Change
from rollbook.contract.problems import Problem

PROPOSAL = "proposal"
"""The name under which a decision stands in the feed, addressed to the owner."""


class ProposeRequest(msgspec.Struct, frozen=True):
    """Up to ``contract.operations.MAX_BATCH`` operations as the frozen bytes that a push would have sent."""

    operations: list[msgspec.Raw]
    reason: str = "scope-withdrawn"


class Handing(StrEnum):
    """What became of one operation that was handed over."""

    TAKEN = "taken"  # kept for the registrar; now, or at an earlier attempt
    APPLIED = "applied"  # it had reached the school before: there is nothing to decide
    REFUSED = "refused"  # the desk keeps it


class HandingResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer for one operation. ``version`` is the record's where it had been applied."""

    op_id: str
    outcome: Handing
    version: int | None = None
    problem: Problem | None = None


class ProposeResponse(msgspec.Struct, frozen=True):
    """One result for each operation, in the order of the request; ``known`` is the feed's last row.

    By that a desk notices that what it handed over is lost, where the server is put back to before it (S22).
    """

    results: list[HandingResult]
    known: str = ""


class ProposalState(StrEnum):
    """Where a proposal is."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"


_DECIDED = (ProposalState.ACCEPTED.value, ProposalState.DECLINED.value)


class Proposal(msgspec.Struct, frozen=True):
    """A proposal as the registrar sees it. Times are ISO 8601 in UTC.

    ``changes`` maps a field to ``{"had", "value"}``; ``now`` holds what the school has in these fields, empty
    where there is no such record. ``number`` is the school's own count, the first is 1.
    """

    number: int
    op_id: str
    state: ProposalState
    kind: str
    entity: str
    entity_id: str
    owner: str
    at: str
    reason: str
    changes: dict[str, Any]
    now: dict[str, Any] = {}
    decided_by: str = ""
    decided_at: str = ""
    note: str = ""


class ProposalsPage(msgspec.Struct, frozen=True):
    """Proposals in the order in which they came; ``next`` is the number to go on behind."""

    proposals: list[Proposal]
    next: int | None = None


class Decision(msgspec.Struct, frozen=True):
    """``choices`` says for fields that others have changed since: ``mine`` (the proposal's) or ``theirs``.

    ``note`` is told to the owner.
    """

    choices: dict[str, str] = {}
    note: str = ""


def decision_of(entry: Change) -> tuple[str, ProposalState] | None:
    """The operation's id and what was decided, where the entry of the feed tells a decision."""
    if entry.entity != PROPOSAL or entry.values is None:
        return None
    state = entry.values.get("state")
    return (entry.id, ProposalState(state)) if state in _DECIDED else None
