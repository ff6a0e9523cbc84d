"""Push (S7, S8): one transaction for a batch's data, receipts, history and feed rows."""

import hashlib
import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from rollbook.contract.feed import START
from rollbook.contract.operations import MAX_BATCH, Outcome, PushRequest, PushResponse, Result
from rollbook.contract.problems import FieldProblem, Problem
from rollbook.domain.checkpoints import passed
from rollbook.domain.clock import Clock
from rollbook.server.auth.caller import Caller
from rollbook.server.database import Database, DatabaseError
from rollbook.server.database_errors import Trouble, trouble_of
from rollbook.server.installation import KnownInstallation
from rollbook.server.metrics import Metrics
from rollbook.server.problems import ProblemError, problem_now
from rollbook.server.proposals.repository import undone
from rollbook.server.request_context import current
from rollbook.server.sync.batch import Batch
from rollbook.server.sync.decide import Decider, decide
from rollbook.server.sync.feed import check_known, cursor_of_head
from rollbook.server.sync.fence import pass_fence
from rollbook.server.sync.incoming import Incoming, read_incoming
from rollbook.server.sync.known import read_known, read_receipts
from rollbook.server.sync.lanes import Lanes
from rollbook.server.sync.seal import Sealer
from rollbook.server.sync.together import Step, check_all_went, incoming_of
from rollbook.server.sync.write import RandomMark, write_batch
from rollbook.server.wire import decoded

Committed = Callable[[str], None]
"""Called with the school's id after each commit, so that its listeners are woken."""
Way = Callable[[Connection, Caller, list[Incoming], Sealer], list[Result]]


Plan = Callable[[Connection], list[Step]]
"""Reads what there is, in the transaction of the write, and says what is to be changed."""


def random_mark() -> str:
    """The random mark of a feed row: a cursor that carries it proves that it came from this very row."""
    return secrets.token_hex(8)


Elsewhere = Callable[[Connection, Caller, Sequence[Incoming]], Mapping[str, bytes]]
"""The digests of those of the operations that are not to be decided here, by id."""


def _nowhere(_connection: Connection, _caller: Caller, _incoming: Sequence[Incoming]) -> Mapping[str, bytes]:
    return {}


def _with_the_registrar(
    connection: Connection, caller: Caller, incoming: Sequence[Incoming]
) -> Mapping[str, bytes]:
    """What was handed over comes by the registrar alone: the bytes of an attempt long cut may arrive late."""
    op_ids = [item.op_id for item in incoming]
    found = undone(connection, caller.school_id, caller.user_id, op_ids)
    return {op_id: hashlib.sha256(operation).digest() for op_id, operation in found.items()}


class PushService:
    """Takes operations, from a push or from a single call."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        metrics: Metrics,
        committed: Committed,
        installation: KnownInstallation,
        new_mark: RandomMark = random_mark,
        decided_by: Decider = decide,
    ) -> None:
        self._database = database
        self._clock = clock
        self._metrics = metrics
        self._committed = committed
        self._installation = installation
        self._new_mark = new_mark
        self._decided_by = decided_by

    def push(self, caller: Caller, body: bytes, known: str = START, fence: int | None = None) -> PushResponse:
        """The answer to the body of a push. Every result in it that went is durable.

        Raises :class:`ProblemError` ``cursor-unknown`` where the feed does not hold ``known``, the last row
        that the sender has been told of, and ``arrived-late`` where the sender has given up on an answer
        since (``fence``): nothing is taken then.
        """
        request = decoded(body, PushRequest)
        raw = request.operations
        if len(raw) > MAX_BATCH:
            raise ProblemError("body-too-large", f"At most {MAX_BATCH} operations are taken at once.")
        results, head = self._take(caller, [bytes(item) for item in raw], known, request.again, fence)
        return PushResponse(results, known=head)

    def take(self, caller: Caller, operations: Sequence[bytes]) -> list[Result]:
        """One result for each operation, given as its bytes."""
        return self._take(caller, operations, START, {}, None)[0]

    def _take(
        self,
        caller: Caller,
        operations: Sequence[bytes],
        known: str,
        again: Mapping[str, int],
        fence: int | None,
    ) -> tuple[list[Result], str]:
        read = [read_incoming(raw) for raw in operations]
        incoming = [replace(item, again_at=again.get(item.op_id)) for item in read]
        current().note_operations([item.op_id for item in incoming])
        results, head = self._stored(caller, incoming, known, fence)
        passed("server.push.committed")
        alike = Counter((each.outcome.value, each.problem.error if each.problem else "") for each in results)
        for (outcome, error), count in alike.items():
            self._metrics.operations(outcome, error, count)
        if any(result.outcome in (Outcome.APPLIED, Outcome.MERGED) for result in results):
            self._committed(caller.school_id)
        return results, head

    def _stored(
        self, caller: Caller, incoming: list[Incoming], known: str, fence: int | None
    ) -> tuple[list[Result], str]:
        sealer = self._sealer(caller)

        def by(way: Way) -> Callable[[Connection], tuple[list[Result], str]]:
            def work(connection: Connection) -> tuple[list[Result], str]:
                check_known(connection, caller.school_id, known)
                if fence is not None:
                    pass_fence(connection, caller, current().device, fence)
                results = way(connection, caller, incoming, sealer)
                head = cursor_of_head(connection, caller.school_id)
                passed("server.push.before_commit")
                return results, head

            return work

        try:
            return self._database.write(by(self._together), again_on=frozenset({Trouble.INTEGRITY}))
        except DatabaseError as error:
            if error.trouble is not Trouble.INTEGRITY:
                raise
        return self._database.write(by(self._singly))

    def within(self, connection: Connection, caller: Caller, incoming: list[Incoming]) -> list[Result]:
        """Decide and write ``incoming``, which a registrar accepts, in the transaction of ``connection``."""
        return self._written(connection, caller, incoming, Lanes(incoming), self._sealer(caller))

    def together(self, caller: Caller, key: str, digest: bytes, plan: Plan) -> None:
        """Apply all that ``plan`` finds to be changed, or nothing; the same key and digest again is done.

        Raises :class:`ProblemError`: ``idempotency-mismatch``, or what stands against a step.
        """

        def work(connection: Connection) -> list[str]:
            known = read_receipts(connection, caller.school_id, caller.user_id, [key]).get(key)
            if known is not None:
                if known.digest != digest:
                    raise ProblemError("idempotency-mismatch")
                return []
            steps = plan(connection)
            incoming = incoming_of(key, digest, caller.user_id, steps)
            if incoming:
                check_all_went(steps, self.within(connection, caller, incoming))
            passed("server.push.before_commit")
            return [item.op_id for item in incoming]

        went = self._database.write(work, again_on=frozenset({Trouble.INTEGRITY}))
        passed("server.push.committed")
        current().note_operations(went)
        if went:
            self._metrics.operations(Outcome.APPLIED.value, "", len(went))
            self._committed(caller.school_id)

    def _sealer(self, caller: Caller) -> Sealer:
        return Sealer(caller.school_id, self._installation.get().secret)

    def _together(
        self, connection: Connection, caller: Caller, incoming: list[Incoming], sealer: Sealer
    ) -> list[Result]:
        return self._written(connection, caller, incoming, Lanes(incoming), sealer, _with_the_registrar)

    def _singly(
        self, connection: Connection, caller: Caller, incoming: list[Incoming], sealer: Sealer
    ) -> list[Result]:
        """One after the other, so that the one that the database refuses fails alone (S8)."""
        lanes = Lanes(incoming)
        results = []
        for item in incoming:
            try:
                with connection.begin_nested():
                    results += self._written(connection, caller, [item], lanes, sealer, _with_the_registrar)
            except SQLAlchemyError as error:
                if trouble_of(error) is not Trouble.INTEGRITY:
                    raise
                lanes.note(item, Outcome.FAILED)
                results.append(
                    Result(op_id=item.op_id, outcome=Outcome.FAILED, problem=self._problem("internal-error"))
                )
        return results

    def _written(
        self,
        connection: Connection,
        caller: Caller,
        incoming: list[Incoming],
        lanes: Lanes,
        sealer: Sealer,
        elsewhere: Elsewhere = _nowhere,
    ) -> list[Result]:
        batch = Batch(
            caller=caller,
            known=read_known(connection, caller.school_id, caller.user_id, incoming),
            lanes=lanes,
            at=self._clock.now().isoformat(timespec="milliseconds"),
            make_problem=self._problem,
            sealer=sealer,
            decided_by=self._decided_by,
            with_the_registrar=elsewhere(connection, caller, incoming),
        )
        results = batch.run(incoming)
        write_batch(connection, batch, self._new_mark)
        return results

    def _problem(self, code: str, detail: str = "", errors: tuple[FieldProblem, ...] = ()) -> Problem:
        return problem_now(self._clock, code, detail, errors)


def encoded(response: PushResponse) -> bytes:
    """The answer's bytes; records in it are passed on as they were encoded."""
    return msgspec.json.encode(response)
