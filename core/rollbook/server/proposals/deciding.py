"""The registrar's decision: accepted, the entry is applied by the rules of S13; declined, it is not (S23)."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection

from rollbook.contract.feed import Change
from rollbook.contract.operations import Conflict, FieldChange, Kind, Operation, Outcome, Result
from rollbook.contract.problems import FieldProblem
from rollbook.contract.proposals import PROPOSAL, Decision, Proposal, ProposalState
from rollbook.domain.checkpoints import passed
from rollbook.domain.clock import Clock
from rollbook.domain.registry import ENTITIES
from rollbook.domain.roles import Right
from rollbook.domain.scope import Act
from rollbook.server.auth.caller import Caller
from rollbook.server.database import Database
from rollbook.server.problems import ProblemError
from rollbook.server.proposals import repository
from rollbook.server.proposals.showing import shown
from rollbook.server.sync.addressed import tell
from rollbook.server.sync.incoming import Incoming
from rollbook.server.sync.known import read_receipts
from rollbook.server.sync.push import PushService

MINE, THEIRS = "mine", "theirs"
WHOLE_RECORD = "record"
MAX_NOTE = 500
_WENT = (Outcome.APPLIED, Outcome.MERGED, Outcome.DUPLICATE)


class Deciding:
    """Accepts and declines proposals; each in one transaction with what it changes."""

    def __init__(
        self, database: Database, push: PushService, clock: Clock, committed: Callable[[str], None]
    ) -> None:
        self._database = database
        self._push = push
        self._clock = clock
        self._committed = committed

    def accept(self, caller: Caller, number: int, asked: Decision) -> Proposal:
        """Apply the entry as the registrar's decision, with its owner named.

        Raises :class:`ProblemError`: the conflict or refusal that the entry met, which leaves it open.
        """
        return self._decided(caller, number, asked, ProposalState.ACCEPTED)

    def decline(self, caller: Caller, number: int, asked: Decision) -> Proposal:
        """The entry is not applied; it stays to be looked up."""
        return self._decided(caller, number, asked, ProposalState.DECLINED)

    def _decided(self, caller: Caller, number: int, asked: Decision, state: ProposalState) -> Proposal:
        caller.require(Right.DECIDE_PROPOSALS)
        if len(asked.note) > MAX_NOTE or "\x00" in asked.note:
            wrong = FieldProblem(field="note", message=f"At most {MAX_NOTE} characters.", code="too-long")
            raise ProblemError("validation-failed", errors=(wrong,))
        found = self._database.write(
            lambda connection: self._decide(connection, caller, number, asked, state)
        )
        passed("server.proposals.decided")
        self._committed(caller.school_id)
        return found

    def _decide(
        self, connection: Connection, caller: Caller, number: int, asked: Decision, state: ProposalState
    ) -> Proposal:
        repository.hold_school(connection, caller.school_id)
        row = repository.numbered(connection, caller.school_id, number)
        if row is None or not caller.may(Act.WRITE, row.entity):
            raise ProblemError("not-found")
        if row.state == state.value:
            return shown(connection, row)  # asked again: the first answer was lost
        if row.state != ProposalState.OPEN.value:
            raise ProblemError("already-decided", f"It was {row.state} by {row.decided_by}.")
        if state is ProposalState.ACCEPTED:
            self._apply(connection, caller, row, asked.choices)
        elif read_receipts(connection, caller.school_id, row.owner, [row.op_id]):
            raise ProblemError("already-decided", "The entry had reached the school by itself. Accept it.")
        at = self._clock.now().isoformat(timespec="milliseconds")
        repository.decide(
            connection,
            caller.school_id,
            number,
            state=state.value,
            decided_by=caller.user_name,
            decided_by_id=caller.user_id,
            decided_at=at,
            note=asked.note,
        )
        told = {"state": state.value, "note": asked.note}
        change = Change(PROPOSAL, row.op_id, 1, told, by=caller.user_name, at=at)
        tell(connection, caller.school_id, row.owner, change)
        return shown(connection, repository.numbered(connection, caller.school_id, number))

    def _apply(self, connection: Connection, caller: Caller, row: Any, choices: Mapping[str, str]) -> None:
        operation = msgspec.json.decode(row.operation, type=Operation)
        result = self._tried(connection, caller, row, operation)
        if result.outcome is Outcome.CONFLICT and choices and result.conflict is not None:
            operation = chosen(operation, result.conflict, choices)
            result = self._tried(connection, caller, row, operation)
        if result.outcome not in _WENT:
            raise _as_problem(result)

    def _tried(self, connection: Connection, caller: Caller, row: Any, operation: Operation) -> Result:
        # It is decided as the owner's: what they had done before on that desk is no other's change (S13), and
        # a late push of the same bytes finds its receipt. The history names both.
        for_owner = Caller(
            user_id=row.owner,
            user_name=f"{caller.user_name} (entered by {row.owner_name})",
            school_id=caller.school_id,
            rights=caller.rights,
            narrowed_to=caller.narrowed_to,
        )
        digest = hashlib.sha256(bytes(row.operation)).digest()
        incoming = Incoming(row.op_id, digest, (row.entity_id,), operation)
        [result] = self._push.within(connection, for_owner, [incoming])
        return result


def chosen(operation: Operation, conflict: Conflict, choices: Mapping[str, str]) -> Operation:
    """The operation with a choice made for each field in conflict, on the version that the school has now.

    Raises :class:`ProblemError` ``validation-failed`` naming a field that needs a choice.
    """
    entity = ENTITIES[operation.entity]
    clashing = [name for name in conflict.fields if entity.field(name)] or [WHOLE_RECORD]
    if operation.kind is Kind.ARCHIVE or conflict.deleted:
        clashing = [WHOLE_RECORD]
    missing = [name for name in clashing if choices.get(name) not in (MINE, THEIRS)]
    if missing:
        raise ProblemError("validation-failed", errors=tuple(_choice_missing(name) for name in missing))
    if operation.kind is Kind.ARCHIVE and choices[WHOLE_RECORD] == MINE:
        return msgspec.structs.replace(operation, base_version=conflict.version)
    changes = dict(operation.changes)
    for name in clashing:
        if choices[name] == MINE and name in changes:
            changes[name] = FieldChange(conflict.fields[name], changes[name].value)
        elif choices[name] == THEIRS:
            changes.pop(name, None)
    return msgspec.structs.replace(operation, changes=changes)


def _choice_missing(name: str) -> FieldProblem:
    return FieldProblem(
        field=name,
        message="The school has another value by now.",
        suggestion=f"Choose {name}=mine for the proposal's value, or {name}=theirs for the school's.",
        code="choice-missing",
    )


def _as_problem(result: Result) -> ProblemError:
    problem = result.problem
    if problem is None:  # held: what it builds on is not at the school
        return ProblemError("edit-conflict", "Another entry of the same owner has to be accepted first.")
    clashing = tuple(result.conflict.fields) if result.conflict else ()
    errors = problem.errors or tuple(_choice_missing(name) for name in clashing)
    return ProblemError(problem.error, problem.detail, errors=errors)
