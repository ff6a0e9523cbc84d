"""Taking over what a desk hands in: each operation once, by its id and its bytes (S23)."""

import hashlib

from sqlalchemy import Connection

from rollbook.contract.feed import Change
from rollbook.contract.operations import MAX_BATCH
from rollbook.contract.problems import FieldProblem
from rollbook.contract.proposals import (
    PROPOSAL,
    Handing,
    HandingResult,
    ProposalState,
    ProposeRequest,
    ProposeResponse,
)
from rollbook.domain.checkpoints import passed
from rollbook.domain.clock import Clock
from rollbook.domain.scope import Act
from rollbook.server.auth.caller import Caller
from rollbook.server.database import Database
from rollbook.server.erasure.reading import erased_among, hold_against_erasures, named_by
from rollbook.server.problems import ProblemError, problem_now
from rollbook.server.proposals import repository
from rollbook.server.proposals.repository import NewProposal, Whose
from rollbook.server.request_context import current
from rollbook.server.sync.addressed import tell
from rollbook.server.sync.feed import check_known, cursor_of_head
from rollbook.server.sync.fence import pass_fence
from rollbook.server.sync.incoming import Incoming, read_incoming
from rollbook.server.sync.known import Receipt, read_receipts

MAX_REASON = 40


def take(
    database: Database,
    clock: Clock,
    caller: Caller,
    asked: ProposeRequest,
    known: str,
    fence: int | None = None,
) -> ProposeResponse:
    """One result for each operation; those taken are durable.

    Whoever belongs to the school may hand over: it is those who may not write any more that must. Raises
    :class:`ProblemError` ``cursor-unknown`` where the feed does not hold the row ``known`` (S22), and
    ``arrived-late`` as a push (S7).
    """
    raw = [bytes(item) for item in asked.operations]
    if len(raw) > MAX_BATCH:
        raise ProblemError("body-too-large", f"At most {MAX_BATCH} operations are taken at once.")
    if not (len(asked.reason) <= MAX_REASON and asked.reason.isprintable()):
        wrong = FieldProblem(field="reason", message="This is not a reason's name.", code="wrong-form")
        raise ProblemError("validation-failed", errors=(wrong,))
    taking = _Taking(clock, caller, asked.reason, raw)

    def work(connection: Connection) -> ProposeResponse:
        check_known(connection, caller.school_id, known)
        if fence is not None:
            pass_fence(connection, caller, current().device, fence)
        results = taking.run(connection)
        return ProposeResponse(results, known=cursor_of_head(connection, caller.school_id))

    response = database.write(work)
    passed("server.proposals.committed")
    return response


class _Taking:
    """One request's operations, decided one after the other."""

    def __init__(self, clock: Clock, caller: Caller, reason: str, raw: list[bytes]) -> None:
        self._clock = clock
        self._caller = caller
        self._reason = reason
        self._raw = raw
        self._receipts: dict[str, Receipt] = {}
        self._digests: dict[str, bytes] = {}
        self._erased: set[str] = set()
        self._new: list[NewProposal] = []

    def run(self, connection: Connection) -> list[HandingResult]:
        """Take what is new; run again from the start where the transaction is."""
        incoming = [read_incoming(raw) for raw in self._raw]
        current().op_ids.clear()
        current().note_operations([item.op_id for item in incoming])
        self._read(connection, incoming)
        self._new = []
        results = [self._result_of(raw, item) for raw, item in zip(self._raw, incoming, strict=True)]
        repository.keep(connection, self._whose(), self._new)
        self._tell_owner(connection)
        passed("server.proposals.before_commit")
        return results

    def _tell_owner(self, connection: Connection) -> None:
        """A row of the feed for all that is new: whoever has seen it knows when the server is put back."""
        if self._new:
            at = self._clock.now().isoformat(timespec="milliseconds")
            told = Change(PROPOSAL, self._new[-1].op_id, 0, {"state": ProposalState.OPEN.value}, at=at)
            tell(connection, self._caller.school_id, self._caller.user_id, told)

    def _read(self, connection: Connection, incoming: list[Incoming]) -> None:
        op_ids = {item.op_id for item in incoming if item.problem is None}
        school_id, owner = self._caller.school_id, self._caller.user_id
        hold_against_erasures(connection, school_id)
        named = {each for item in incoming if item.operation is not None for each in named_by(item.operation)}
        self._erased = erased_among(connection, school_id, named)
        repository.hold_school(connection, school_id)
        self._receipts = read_receipts(connection, school_id, owner, op_ids)
        kept = repository.kept(connection, school_id, owner, op_ids)
        self._digests = {op_id: hashlib.sha256(bytes(raw)).digest() for op_id, raw in kept.items()}

    def _result_of(self, raw: bytes, item: Incoming) -> HandingResult:
        refused = self._refusal_of(item)
        if refused is not None:
            return refused
        receipt = self._receipts.get(item.op_id)
        known = self._digests.get(item.op_id) if receipt is None else receipt.digest
        if known is not None and known != item.digest:
            return self._refused(item, ProblemError("idempotency-mismatch"))
        if receipt is not None:
            return HandingResult(item.op_id, Handing.APPLIED, receipt.version)
        if known is None:
            assert item.operation is not None
            self._digests[item.op_id] = item.digest
            operation = item.operation
            self._new.append(NewProposal(item.op_id, raw, operation.entity, operation.entity_id))
        return HandingResult(item.op_id, Handing.TAKEN)

    def _refusal_of(self, item: Incoming) -> HandingResult | None:
        if item.problem is not None:
            return self._refused(item, item.problem)
        entity = item.entity
        assert item.operation is not None
        if self._erased & named_by(item.operation):
            return self._refused(item, ProblemError("erased"))
        if entity is None or not 1 <= item.operation.payload_version <= entity.payload_version:
            return self._refused(item, ProblemError("payload-unsupported"))
        if not entity.writable:
            return self._refused(item, ProblemError("forbidden"))
        if self._caller.may(Act.WRITE, entity.name) and item.op_id not in self._digests:
            # The right is back: the entry goes as any other, and no registrar need decide it.
            return self._refused(item, ProblemError("still-allowed"))
        return None

    def _refused(self, item: Incoming, cause: ProblemError) -> HandingResult:
        found = problem_now(self._clock, cause.code, cause.detail, cause.errors)
        return HandingResult(item.op_id, Handing.REFUSED, problem=found)

    def _whose(self) -> Whose:
        return Whose(
            school_id=self._caller.school_id,
            owner=self._caller.user_id,
            device=current().device,
            request_id=current().request_id,
            reason=self._reason,
            at=self._clock.now().isoformat(timespec="milliseconds"),
        )
