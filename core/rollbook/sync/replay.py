"""Sending what waits: lease, push, settle (S7–S9, S11)."""

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import msgspec

from rollbook.api.client import ApiClient, PushAnswer
from rollbook.contract.feed import position_of
from rollbook.contract.operations import MAX_BODY_BYTES, Outcome, Result, push_body
from rollbook.contract.problems import Problem, problem
from rollbook.domain import checkpoints
from rollbook.domain.clock import Clock
from rollbook.resilience.failures import CallFailedError
from rollbook.store import fence, handing, lease, meta, outbox, settle, unreadable, versions
from rollbook.store.database import StoreDatabase
from rollbook.store.errors import StoreError
from rollbook.store.lease import Leased
from rollbook.store.settle import WENT
from rollbook.sync.attempt_log import AttemptLog
from rollbook.sync.events import Emit, StatusChanged, records_changed
from rollbook.sync.files import FileSender
from rollbook.sync.in_thread import in_thread
from rollbook.sync.known_row import known_row, note_known
from rollbook.sync.lanes import LaneBackoff
from rollbook.sync.pull import CONFIRMED
from rollbook.sync.settings import SyncSettings

_NO_ENTRY = (ValueError, TypeError, KeyError, AttributeError, msgspec.MsgspecError)
"""What an entry that cannot be read raises when it is to be made into bytes (S28)."""
_POISONED = ("internal-error", "body-too-large", "malformed-request")
_REFUSED_UNREAD = ("body-too-large", "malformed-request")
_BODY_ROOM = MAX_BODY_BYTES // 2


class Replay:
    """Sends batches until nothing is due."""

    def __init__(
        self,
        store: StoreDatabase,
        api: ApiClient,
        *,
        device: str,
        clock: Clock,
        settings: SyncSettings,
        lanes: LaneBackoff,
        files: FileSender,
        log: AttemptLog,
        emit: Emit,
    ) -> None:
        self._store = store
        self._api = api
        self._device = device
        self._clock = clock
        self._settings = settings
        self._lanes = lanes
        self._files = files
        self._log = log
        self._emit = emit
        self._until = 0

    async def run(self) -> int:
        """Send all that is due and was saved before now; returns how many entries the server answered for.

        What is saved meanwhile goes the next time: one who saves without a pause keeps nobody's changes away.

        Raises :class:`CallFailedError` for a failure of the system: everything stops, nothing is counted.
        """
        answered = 0
        self._until = self._recover()
        while leased := self._lease():
            self._emit(StatusChanged())
            if self._is_full(leased):
                answered += await self._one_upon_another(leased)
            else:
                answered += await self._in_parts(leased)
        return answered

    async def _in_parts(self, leased: Sequence[Leased]) -> int:
        answered = 0
        parts, search = list(_parts(leased)), _Search()
        for index, part in enumerate(parts):
            try:
                answered += await self._send(part, search)
            except CallFailedError:
                self._return(tuple(each for later in parts[index + 1 :] for each in later), uncertain=False)
                raise
        return answered

    def _is_full(self, leased: Sequence[Leased]) -> bool:
        """Whether it is as many as may go at once, so that there may be more behind it."""
        return len(leased) == self._settings.sync_push_operations and _fits(leased)

    async def _one_upon_another(self, leased: Sequence[Leased]) -> int:
        """While a batch is on its way the next one is made ready; it goes before the results are stored.

        No lane is in two of them (S4). Whatever fails ends it, and what is left goes one by one.
        """
        answered = 0
        going = self._set_out(await self._with_their_files(leased))
        while going is not None:
            ahead: Sequence[Leased] = ()
            try:
                ahead = await self._made_ready_beside(going.leased)
                answer = await going.answer
            except CallFailedError as failure:
                self._return(ahead, uncertain=False)
                return answered + await self._failed(going.leased, failure, _Search())
            except BaseException:  # cancelled, or a defect: the server may have applied it
                await self._called_back(going)
                self._return(ahead, uncertain=False)
                raise
            checkpoints.passed("client.push.answered")
            behind, going = going, self._set_out(ahead)
            try:
                await in_thread(partial(self._stored, behind.leased, answer))
            except BaseException:
                await self._called_back(going)
                raise
            self._told(behind.leased, answer.response.results)
            answered += len(behind.leased)
        return answered

    def _set_out(self, leased: Sequence[Leased]) -> "_Going | None":
        if not leased:
            return None
        checkpoints.passed("client.push.before_send")
        return _Going(leased, asyncio.create_task(self._pushed(leased)))

    async def _called_back(self, going: "_Going | None") -> None:
        """It is given up while it is on its way: its outcome is unknown (S3)."""
        if going is None:
            return
        going.answer.cancel()
        await asyncio.gather(going.answer, return_exceptions=True)
        with contextlib.suppress(StoreError):  # then the next replay finds it on its way
            self._return(going.leased, uncertain=True)

    async def _made_ready_beside(self, going: Sequence[Leased]) -> Sequence[Leased]:
        """The batch that can go beside one that is on its way; none where anything hinders that.

        What hinders it is met again, and told, when it goes alone.
        """
        if not self._is_full(going):
            return ()
        try:
            leased = await in_thread(partial(self._lease, frozenset(each.lane for each in going)))
            if _fits(leased):
                return await self._with_their_files(leased)
            self._return(leased, uncertain=False)
        except (CallFailedError, StoreError):
            pass
        return ()

    def _recover(self) -> int:
        """What an earlier run left on its way (a crash, a full disk) is sent again (S3).

        Gives the sequence of the entry that was saved last.
        """
        with self._store.write() as connection:
            lease.recover(connection)
            return outbox.last_saved(connection)

    def _lease(self, beside: frozenset[str] = frozenset()) -> list[Leased]:
        """What may go now, but for the lanes of what goes ``beside`` it."""
        try:
            return self._leased(beside)
        except _NO_ENTRY:
            with self._store.write() as connection:
                if not unreadable.park(connection):
                    raise  # it is not the entries: a defect of this program
            return self._leased(beside)

    def _leased(self, beside: frozenset[str]) -> list[Leased]:
        with self._store.write() as connection:
            limit = self._settings.sync_push_operations
            held = {*beside, *self._lanes.held(), *handing.lanes_held_back(connection)}
            known = position_of(known_row(connection))
            return lease.lease(connection, self._device, limit, held, known, self._until)

    async def _send(self, leased: Sequence[Leased], search: "_Search") -> int:
        leased = self._not_stuck(leased, search)
        ready = await self._with_their_files(leased)
        if len(ready) < len(leased):
            search.stuck |= {each.lane for each in leased} - {each.lane for each in ready}
        leased = ready
        if not leased:
            return 0
        checkpoints.passed("client.push.before_send")
        try:
            answer = await self._pushed(leased, looking=search.looking)
        except CallFailedError as failure:
            return await self._failed(leased, failure, search)
        except BaseException:  # cancelled, or a defect: the server may have applied it
            self._return(leased, uncertain=True)
            raise
        checkpoints.passed("client.push.answered")
        self._stored(leased, answer)
        self._told(leased, answer.response.results)
        outcomes = {result.op_id: result.outcome for result in answer.response.results}
        search.stuck |= {each.lane for each in leased if outcomes.get(each.op_id) not in WENT}
        return len(leased)

    async def _pushed(self, leased: Sequence[Leased], *, looking: bool = False) -> PushAnswer:
        action = leased[0].action_id if len(leased) == 1 else None
        body = push_body([each.frozen for each in leased], _sent_before(leased))
        with self._log.carrying([each.op_id for each in leased]):
            known, given_up = self._known()
            return await self._api.push(body, action_id=action, known=known, fence=given_up, looking=looking)

    async def _with_their_files(self, leased: Sequence[Leased]) -> Sequence[Leased]:
        """The entries whose files the school has now; those whose files it refuses are parked (S31)."""
        try:
            refused = await self._files.send(leased)
        except CallFailedError as failure:
            self._return(leased, uncertain=False, request_id=failure.request_id)
            raise
        except BaseException:  # cancelled: none of them has been sent
            self._return(leased, uncertain=False)
            raise
        if not refused:
            return leased
        ended = {result.op_id for result in refused}
        with self._store.write() as connection:
            at = self._clock.now().isoformat()
            settle.settle(connection, [each for each in leased if each.op_id in ended], refused, None, at)
            self._log.write(connection)
        self._announce([each for each in leased if each.op_id in ended])
        return [each for each in leased if each.op_id not in ended]

    def _not_stuck(self, leased: Sequence[Leased], search: "_Search") -> Sequence[Leased]:
        """Those before which nothing of their lane stayed behind in an earlier part; the others wait (S4)."""
        held = [each for each in leased if each.lane in search.stuck]
        self._return(held, uncertain=search.doubtful)
        return [each for each in leased if each.lane not in search.stuck] if held else leased

    def _known(self) -> tuple[str, int]:
        with self._store.read() as connection:
            return known_row(connection), fence.count(connection)

    def _stored(self, leased: Sequence[Leased], answer: PushAnswer) -> None:
        """Store what the server says of them, in one transaction; from any thread."""
        results, at = answer.response.results, self._clock.now().isoformat()
        records = versions.records_of(results)
        with self._store.write() as connection:
            # First, as what is settled asks for their seals.
            versions.note_results(connection, results, records, at)
            settle.settle(connection, leased, results, answer.request_id, at, records)
            note_known(connection, answer.response.known)
            if any(result.outcome in WENT for result in results):
                meta.put(connection, CONFIRMED, None)  # the feed has moved, by these at least (S24)
            self._log.write(connection)
            checkpoints.passed("client.settle.before_commit")
        checkpoints.passed("client.settle.committed")

    def _told(self, leased: Sequence[Leased], results: Sequence[Result]) -> None:
        self._note_lanes(leased, results)
        self._announce(leased)

    def _note_lanes(self, leased: Sequence[Leased], results: Sequence[Result]) -> None:
        outcomes = {result.op_id: result.outcome for result in results}
        for each in leased:
            if outcomes.get(each.op_id) in (Outcome.FAILED, Outcome.HELD, None):
                self._lanes.failed(each.lane)
            else:
                self._lanes.went(each.lane)

    async def _failed(self, leased: Sequence[Leased], failure: CallFailedError, search: "_Search") -> int:
        """A whole batch failed: the system's failure, unless halving shows whose it is (S8)."""
        if failure.code not in _POISONED:
            self._return(leased, uncertain=failure.outcome_unknown, request_id=failure.request_id)
            raise failure
        if len(leased) > 1:
            middle = len(leased) // 2
            search.looking = not search.found
            search.doubtful = search.doubtful or failure.outcome_unknown
            try:
                answered = await self._send(leased[:middle], search)
            except CallFailedError:
                self._return(leased[middle:], uncertain=True)
                raise
            return answered + await self._send(leased[middle:], search)
        search.looking, search.found = False, True
        search.stuck.add(leased[0].lane)
        await self._fail_alone(leased[0], failure)
        return 1

    async def _fail_alone(self, each: Leased, failure: CallFailedError) -> None:
        cause = failure.problem if isinstance(failure.problem, Problem) else problem(failure.code)
        if failure.code in _REFUSED_UNREAD and not each.uncertain:
            self._park_alone(each, failure.request_id, _of_the_entry(cause))
            return
        with self._store.write() as connection:
            settle.fail_alone(connection, each, failure.request_id, cause)
            self._log.write(connection)
        self._lanes.failed(each.lane)
        self._announce([each])
        if not each.uncertain:  # this attempt was answered; an earlier one that was cut may yet arrive
            await self._ask_receipt(each)

    def _park_alone(self, each: Leased, request_id: str | None, cause: Problem) -> None:
        """It was refused at the door and would be again: a person mends it."""
        with self._store.write() as connection:
            settle.park_alone(connection, each, request_id, cause)
            self._log.write(connection)
        self._announce([each])

    async def _ask_receipt(self, each: Leased) -> None:
        """Whether the server applied it all the same; without an answer it stays uncertain (S7)."""
        try:
            found = await self._api.receipts([each.op_id], again={each.op_id: each.first_known})
        except CallFailedError:
            return
        if each.op_id not in (*found.too_old, *(result.op_id for result in found.results)):
            with self._store.write() as connection:
                settle.not_applied(connection, [each.op_id])

    def _return(self, leased: Sequence[Leased], *, uncertain: bool, request_id: str | None = None) -> None:
        if not leased:
            return
        with self._store.write() as connection:
            settle.give_back(connection, leased, request_id, uncertain=uncertain)
            self._log.write(connection)
        self._emit(StatusChanged())

    def _announce(self, leased: Sequence[Leased]) -> None:
        by_entity: dict[str, list[str]] = {}
        for each in leased:
            by_entity.setdefault(each.entity, []).append(each.entity_id)
        for entity, ids in by_entity.items():
            self._emit(records_changed(entity, ids))
        self._emit(StatusChanged())


@dataclass(frozen=True, slots=True)
class _Going:
    """A batch on its way."""

    leased: Sequence[Leased]
    answer: "asyncio.Task[PushAnswer]"


@dataclass(slots=True)
class _Search:
    """What is known of a lease while its parts go. ``stuck`` are lanes of which something stayed behind.

    ``doubtful``: it was answered in a way that the server may have applied some of it all the same. Until the
    first bad entry is ``found``, what fails is not the server's failure: an open breaker would end the
    search, and the next would begin anew, for ever.
    """

    looking: bool = False
    found: bool = False
    doubtful: bool = False
    stuck: set[str] = field(default_factory=set)


def _of_the_entry(cause: Problem) -> Problem:
    """What is said of a request that can be sent in smaller parts is not true of a single entry."""
    if cause.error != "body-too-large":
        return cause
    return problem("entry-too-large", request_id=cause.request_id, timestamp=cause.timestamp)


def _sent_before(leased: Sequence[Leased]) -> dict[str, int]:
    """Entries that the server may have applied, each with how far we knew the feed then (S7)."""
    return {each.op_id: each.first_known for each in leased if each.uncertain}


def _fits(leased: Sequence[Leased]) -> bool:
    """Whether they are one part."""
    return sum(len(each.frozen) for each in leased) <= _BODY_ROOM


def _parts(leased: Sequence[Leased]) -> Iterator[Sequence[Leased]]:
    """Parts that fit well inside the largest body that the server takes."""
    start, size = 0, 0
    for index, each in enumerate(leased):
        if index > start and size + len(each.frozen) > _BODY_ROOM:
            yield leased[start:index]
            start, size = index, 0
        size += len(each.frozen)
    if start < len(leased):
        yield leased[start:]
