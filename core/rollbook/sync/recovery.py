"""Giving back what a server that was put back to an earlier state has lost (S22)."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection

from rollbook.api.client import ApiClient
from rollbook.contract.feed import START, later_cursor
from rollbook.contract.operations import MAX_BODY_BYTES, NO_RECORD, ReceiptsResponse
from rollbook.contract.recovery import (
    MAX_NAMED,
    MAX_OFFERED,
    Given,
    MissingRequest,
    Offer,
    OfferRequest,
    OfferResult,
    VersionName,
)
from rollbook.domain import checkpoints
from rollbook.domain.clock import Clock
from rollbook.resilience.failures import CallFailedError
from rollbook.store import meta, recovery, set_aside, versions
from rollbook.store.database import StoreDatabase
from rollbook.store.recovery import Lost
from rollbook.store.states import State
from rollbook.sync.entering import enter_rest, enter_version
from rollbook.sync.erasing import Erasing
from rollbook.sync.events import Emit, RecordsChanged, StatusChanged
from rollbook.sync.files import FileSender
from rollbook.sync.known_row import known_anew, known_row, note_known
from rollbook.sync.pull import CONFIRMED
from rollbook.sync.settings import SyncSettings

_RECEIPTS_AT_ONCE = 1_000
_POISONED = ("internal-error", "body-too-large", "malformed-request", "validation-failed")
_ROOM = MAX_BODY_BYTES // 2
_BEFORE_ALL = ("", 0, "")


class Recovery:
    """Finds out what was lost, gives it back, has all read anew. Each step may be cut and repeated."""

    def __init__(
        self,
        store: StoreDatabase,
        api: ApiClient,
        *,
        clock: Clock,
        new_id: Callable[[], str],
        settings: SyncSettings,
        emit: Emit,
        files: FileSender,
        erasing: Erasing,
        read_anew: Callable[[], None],
    ) -> None:
        self._store = store
        self._api = api
        self._clock = clock
        self._new_id = new_id
        self._settings = settings
        self._emit = emit
        self._files = files
        self._erasing = erasing
        self._read_anew = read_anew

    async def notice(self) -> None:
        """The server does not know a row of its own feed: it was put back. From now on what it has counts.

        Its last row is taken first: if it is put back once more meanwhile, that is noticed, too.
        """
        with self._store.read() as connection:
            lost = later_cursor(known_row(connection), meta.get(connection, meta.CURSOR) or START)
        answer = await self._api.missing(MissingRequest(lost=lost))
        with self._store.write() as connection:
            recovery.set_step(connection, recovery.BEGUN)
            recovery.give_files_back(connection, wanted=True)
            set_aside.take(connection, self._clock.now().isoformat())
            recovery.doubt_bases(connection)
            known_anew(connection, answer.head)
            meta.put(connection, CONFIRMED, None)
        self._emit(StatusChanged())

    async def run(self) -> None:
        """Give back what there is to give back, if anything. Raises :class:`CallFailedError`."""
        if await self._is_in_doubt():
            await self.notice()
            self._no_doubt_any_more()
        with self._store.read() as connection:
            step = recovery.step(connection)
        if step is None:
            return
        await self._erasing.tell()  # before anything is given back of who was erased (D3)
        if step == recovery.BEGUN:
            await self._find_lost_entries()
            await self._find_lost_versions()
            checkpoints.passed("client.recovery.found")
        await self._offer_all()
        self._enter_rests()
        await self._give_files_back()  # behind the records that name them
        with self._store.write() as connection:
            recovery.send_rest_anew(connection)
        if step == recovery.BEGUN:
            self._read_anew()
        self._conclude()

    async def _is_in_doubt(self) -> bool:
        """After a rescue of this computer's store: whether the server lacks anything that it once had (S28).

        What told the last row of its feed may be gone with the store, so it is asked outright.
        """
        with self._store.read() as connection:
            if recovery.step(connection) is not None or not recovery.is_to_ask(connection):
                return False
        await self._find_lost_entries()
        try:
            await self._find_lost_versions()
        except CallFailedError as failure:
            if failure.code != "forbidden":  # who may not see the records gives back their own alone
                raise
        with self._store.read() as connection:
            if recovery.outstanding(connection):
                return True
        self._no_doubt_any_more()
        return False

    def _no_doubt_any_more(self) -> None:
        with self._store.write() as connection:
            recovery.ask_for_receipts(connection, wanted=False)

    async def _find_lost_entries(self) -> None:
        """Acknowledged entries of the last 30 days for which there is no receipt any more (S7), and those of
        which the registrar has nothing any more (S23)."""
        kept = timedelta(days=self._settings.sync_acknowledged_days)
        since, after = (self._clock.now() - kept).isoformat(), -1
        while True:
            with self._store.read() as connection:
                rows = recovery.acknowledged(connection, since, after, _RECEIPTS_AT_ONCE)
                known = known_row(connection)
            if not rows:
                return
            after = rows[-1].sequence
            answer = await self._api.receipts([row.op_id for row in rows], known)
            with self._store.write() as connection:
                _mark_lost(connection, rows, answer)
            self._emit(StatusChanged())

    async def _find_lost_versions(self) -> None:
        """Versions known here that the server does not have, whoever made them."""
        after = -1
        while True:
            with self._store.read() as connection:
                rows = recovery.versions_after(connection, after, MAX_NAMED)
                known = known_row(connection)
            if not rows:
                return
            after = rows[-1].number
            names = [VersionName(row.entity, row.entity_id, row.version, row.seal) for row in rows]
            missing = (await self._api.missing(MissingRequest(versions=names), known)).missing
            with self._store.write() as connection:
                there = {name.seal for name in names} - set(missing)
                recovery.mark_versions(connection, there, "")
                recovery.mark_versions(connection, missing, recovery.LOST)
            self._emit(StatusChanged())

    async def _offer_all(self) -> None:
        after = _BEFORE_ALL
        while True:
            with self._store.read() as connection:
                lost = recovery.to_offer(connection, after, MAX_OFFERED)
            if not lost:
                return
            for part in _parts(lost):
                await self._offer(part)
            last = lost[-1].change
            after = (last.id, last.version, last.seal)

    async def _offer(self, lost: Sequence[Lost]) -> None:
        checkpoints.passed("client.recovery.before_offer")
        with self._store.read() as connection:
            known = known_row(connection)
        body = msgspec.json.encode(OfferRequest([_offer(each) for each in lost]))
        try:
            answer = await self._api.offer(body, known)
        except CallFailedError as failure:
            await self._failed(lost, failure)
            return
        checkpoints.passed("client.recovery.offered")
        self._settle(answer.results, answer.known)

    async def _give_files_back(self) -> None:
        """Not at each round of a wait: only while there may be more than the school was asked about."""
        with self._store.read() as connection:
            if not recovery.are_files_to_give(connection):
                return
        await self._files.give_back()
        with self._store.write() as connection:
            recovery.give_files_back(connection, wanted=False)

    def _enter_rests(self) -> None:
        """What own lost versions hold of others' is compared with the school's, once that is here."""
        with self._store.write() as connection:
            if not versions.is_read_anew(connection):
                return
            for seal in recovery.of_which_the_rest_is_left(connection):
                enter_rest(connection, seal, self._new_id, self._clock)
                recovery.mark_versions(connection, [seal], recovery.DONE)

    async def _failed(self, lost: Sequence[Lost], failure: CallFailedError) -> None:
        """One that the server stumbles over must not keep the others back: it is found by halving (S8)."""
        if failure.code not in _POISONED:
            raise failure
        if len(lost) == 1:
            self._settle([OfferResult(lost[0].change.seal, Given.REFUSED)], START)
            return
        middle = len(lost) // 2
        await self._offer(lost[:middle])
        await self._offer(lost[middle:])

    def _settle(self, results: Sequence[OfferResult], known: str) -> None:
        with self._store.write() as connection:
            by_outcome: dict[Given, list[str]] = {}
            for result in results:
                by_outcome.setdefault(result.given, []).append(result.seal)
            back = by_outcome.get(Given.TAKEN, []) + by_outcome.get(Given.KNOWN, [])
            recovery.take_back(connection, back)
            if back:
                recovery.give_files_back(connection, wanted=True)
            recovery.mark_versions(connection, by_outcome.get(Given.HELD, []), recovery.HELD)
            recovery.mark_versions(connection, by_outcome.get(Given.LEFT, []), recovery.LEFT)
            for seal in by_outcome.get(Given.DECIDE, []):
                enter_version(connection, seal, self._new_id, self._clock)
                recovery.mark_versions(connection, [seal], recovery.DONE)
            built_on = {result.seal for result in results if result.built_on}
            for seal in by_outcome.get(Given.APART, []) + by_outcome.get(Given.REFUSED, []):
                recovery.send_anew(connection, seal)
                if seal not in built_on:
                    recovery.mark_versions(connection, [seal], recovery.REST)
            note_known(connection, known)
            checkpoints.passed("client.recovery.before_commit")
        self._emit(StatusChanged())

    def _conclude(self) -> None:
        with self._store.write() as connection:
            left = recovery.outstanding(connection)
            recovery.set_step(connection, recovery.WAITING if left else None)
        self._emit(RecordsChanged("student", None))
        self._emit(StatusChanged())


def _mark_lost(connection: Connection, rows: Sequence[Any], answer: ReceiptsResponse) -> None:
    there, proposed = {result.op_id for result in answer.results}, set(answer.proposed)
    lost = [
        row
        for row in rows
        if row.op_id not in there and not (row.state == State.HANDED_OVER and row.op_id in proposed)
    ]
    recovery.mark_lost_entries(connection, [row.op_id for row in lost if row.frozen is not None])
    recovery.tell_lost(connection, [row.op_id for row in lost if row.frozen is None])


def _offer(lost: Lost) -> Offer:
    operation = NO_RECORD if lost.frozen is None else msgspec.Raw(lost.frozen)
    return Offer(lost.change, lost.before, operation)


def _parts(lost: Sequence[Lost]) -> Iterator[Sequence[Lost]]:
    """Parts that fit well inside the largest body that the server takes."""
    start, size = 0, 0
    for index, each in enumerate(lost):
        length = len(msgspec.json.encode(_offer(each)))
        if index > start and size + length > _ROOM:
            yield lost[start:index]
            start, size = index, 0
        size += length
    if start < len(lost):
        yield lost[start:]
