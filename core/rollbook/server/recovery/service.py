"""Taking back what desks give back, seeing it, and ending it (S22)."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog
from sqlalchemy import Connection

from rollbook.contract.audit import Deed
from rollbook.contract.feed import START, Change
from rollbook.contract.operations import NO_RECORD
from rollbook.contract.recovery import (
    MAX_NAMED,
    MAX_OFFERED,
    Given,
    MissingRequest,
    MissingResponse,
    Offer,
    OfferRequest,
    OfferResponse,
    OfferResult,
    PutBack,
    RecoveryView,
)
from rollbook.domain.checkpoints import passed
from rollbook.domain.clock import Clock
from rollbook.domain.ids import IdSource
from rollbook.domain.scope import Act
from rollbook.server.audit import trail
from rollbook.server.auth.caller import Caller
from rollbook.server.database import Database
from rollbook.server.database_errors import Trouble
from rollbook.server.erasure.reading import erased_among, hold_against_erasures, named_in
from rollbook.server.installation import KnownInstallation
from rollbook.server.problems import ProblemError
from rollbook.server.recovery import kept, put_back, states
from rollbook.server.recovery.judge import Candidate, Judge
from rollbook.server.recovery.read import missing, read_school
from rollbook.server.recovery.write import Writing, complete_receipts, write_taken
from rollbook.server.sync.feed import check_known, cursor_of_head, is_known
from rollbook.server.sync.incoming import read_incoming
from rollbook.server.sync.known import RecordKey
from rollbook.server.sync.push import random_mark
from rollbook.server.sync.seal import Sealer
from rollbook.server.sync.write import RandomMark, advance_head
from rollbook.server.tables import record_tables

log = structlog.get_logger("rollbook.server.recovery")
_RECORDS_AT_ONCE = 200


class RecoveryService:
    """One school's recovery, from the desks' side and the administrator's."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        new_id: IdSource,
        installation: KnownInstallation,
        committed: Callable[[str], None],
        new_mark: RandomMark = random_mark,
    ) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id
        self._installation = installation
        self._committed = committed
        self._new_mark = new_mark

    def missing(self, caller: Caller, asked: MissingRequest, known: str) -> MissingResponse:
        """Which versions are lost; the first who asks because of it begins the recovery.

        Any member may ask and give back, whatever they may see now: who names a version by its seal has had
        it. Raises :class:`ProblemError` ``cursor-unknown`` as ``check_known`` does.
        """
        if len(asked.versions) > MAX_NAMED:
            raise ProblemError("body-too-large", f"At most {MAX_NAMED} versions may be named at once.")

        def work(connection: Connection) -> MissingResponse:
            check_known(connection, caller.school_id, known)
            if asked.lost:
                self._begin(connection, caller, asked.lost)
            lost = missing(connection, caller.school_id, asked.versions)
            return MissingResponse(lost, cursor_of_head(connection, caller.school_id))

        return self._database.write(work) if asked.lost else self._database.read(work)

    def offer(self, caller: Caller, device: str, asked: OfferRequest, known: str) -> OfferResponse:
        """Take back what fits, keep what does not yet; every result in it is durable, and may be asked again.

        Raises :class:`ProblemError` ``cursor-unknown`` as ``check_known`` does.
        """
        if len(asked.offers) > MAX_OFFERED:
            raise ProblemError("body-too-large", f"At most {MAX_OFFERED} versions are taken at once.")
        sealer = self._sealer(caller.school_id)
        ours = [offer for offer in asked.offers if _is_ours(sealer, offer)]

        def work(connection: Connection) -> tuple[OfferResponse, bool]:
            check_known(connection, caller.school_id, known)
            erased = _of_erased(connection, caller.school_id, ours)
            offered = [_candidate(caller, device, each) for each in ours if each.change.seal not in erased]
            writing = self._writing(connection, caller.school_id)
            taking = _Taking(connection, caller, sealer, writing, device)
            given = taking.take(offered) | dict.fromkeys(erased, Given.KNOWN)
            passed("server.recovery.before_commit")
            results = [
                OfferResult(
                    offer.change.seal,
                    given.get(offer.change.seal, Given.REFUSED),
                    offer.change.seal in taking.built_on,
                )
                for offer in asked.offers
            ]
            return OfferResponse(results, cursor_of_head(connection, caller.school_id)), taking.wrote

        # Two desks may give back the same record at once, where there is none yet to be locked.
        response, wrote = self._database.write(work, again_on=frozenset({Trouble.INTEGRITY}))
        passed("server.recovery.committed")
        if wrote:
            self._committed(caller.school_id)
        return response

    def seen(self, school_id: str) -> RecoveryView | None:
        """The latest recovery of a school."""
        return self._database.read(lambda connection: kept.view(connection, school_id))

    def put_back(self, school_id: str) -> PutBack | None:
        """That a backup was put back, where no computer has noticed it yet."""

        def read(connection: Connection) -> PutBack | None:
            return put_back.unnoticed(connection, school_id, kept.latest(connection, school_id))

        return self._database.read(read)

    def end(self, school_id: str, by: str) -> RecoveryView | None:
        """End the recovery: what waits is taken where it may be, and else decided by S13 at the desks."""
        sealer = self._sealer(school_id)

        def work(connection: Connection) -> RecoveryView | None:
            row = kept.latest(connection, school_id)
            if row is not None and row.ended_at is None:
                at = self._clock.now().isoformat(timespec="milliseconds")
                head = advance_head(connection, school_id, 0)
                kept.end(connection, school_id, row.id, at, by, head)
                self._take_what_waits(connection, school_id, sealer)
                trail.write(connection, self._clock, school_id, Deed.RECOVERY_ENDED, by=by, subject="")
                log.info("recovery_ended", recovery=row.id)
            return kept.view(connection, school_id)

        ended = self._database.write(work)
        self._committed(school_id)
        return ended

    def _take_what_waits(self, connection: Connection, school_id: str, sealer: Sealer) -> None:
        records = kept.waiting_records(connection, school_id)
        for start in range(0, len(records), _RECORDS_AT_ONCE):
            taking = _Taking(connection, None, sealer, self._writing(connection, school_id))
            taking.take_waiting(records[start : start + _RECORDS_AT_ONCE])

    def _begin(self, connection: Connection, caller: Caller, lost: str) -> None:
        """Begin a recovery, unless one runs, or ``lost`` is older than the end of the latest."""
        if is_known(connection, caller.school_id, lost):
            return
        kept.one_at_a_time(connection, caller.school_id)
        row = kept.latest(connection, caller.school_id)
        if row is not None and row.ended_at is not None and _position(lost) <= row.ended_head:
            return
        put_back.noticed(connection, caller.school_id)
        if row is not None and row.ended_at is None:
            return
        at = self._clock.now().isoformat(timespec="milliseconds")
        recovery_id = self._new_id()
        kept.begin(connection, caller.school_id, recovery_id, at, caller.user_name)
        trail.write(
            connection, self._clock, caller.school_id, Deed.RECOVERY_BEGUN, by=caller.user_name, subject=""
        )
        log.warning("recovery_begun", recovery=recovery_id)

    def _sealer(self, school_id: str) -> Sealer:
        return Sealer(school_id, self._installation.get().secret)

    def _writing(self, connection: Connection, school_id: str) -> Writing:
        at = self._clock.now().isoformat(timespec="milliseconds")
        return Writing(connection, school_id, self._new_mark, at)


class _Taking:
    """Judges and writes within one transaction. ``caller`` is ``None`` for the administrator's end."""

    def __init__(
        self,
        connection: Connection,
        caller: Caller | None,
        sealer: Sealer,
        writing: Writing,
        device: str = "",
    ) -> None:
        self._connection = connection
        self._caller = caller
        self._device = device
        self._sealer = sealer
        self._writing = writing
        row = kept.latest(connection, writing.school_id)
        self._ended = row is not None and row.ended_at is not None
        self.wrote = False
        self.built_on: set[str] = set()

    def take(self, offered: Sequence[Candidate]) -> dict[str, Given]:
        """What the caller is told of each, by its seal."""
        return self._take(offered, {item.key for item in offered})

    def take_waiting(self, records: Sequence[RecordKey]) -> None:
        """Judge anew what waits of those records."""
        self._take([], set(records))

    def _take(self, offered: Sequence[Candidate], keys: set[RecordKey]) -> dict[str, Given]:
        rows = kept.rows_of(self._connection, self._writing.school_id, [item.change.seal for item in offered])
        waiting = kept.waiting_of(self._connection, self._writing.school_id, keys)
        was = {row.seal: kept.candidate_of(row) for row in (*rows.values(), *waiting) if row.payload}
        candidates = {row.seal: was[row.seal] for row in waiting} | {
            item.change.seal: _of_whom(item, was.get(item.change.seal)) for item in offered
        }
        school = read_school(self._connection, self._writing.school_id, list(candidates.values()))
        judge = Judge(school, self._sealer, self._ended)
        given = judge.judge(candidates.values())
        write_taken(self._writing, judge.taken)
        known = [item for seal, item in candidates.items() if given[seal] is Given.KNOWN]
        complete_receipts(self._writing, known)
        self.wrote = bool(judge.taken)
        self.built_on = {seal for seal, item in candidates.items() if judge.built_on(item.change)}
        return self._kept(candidates, given, {seal: row.state for seal, row in rows.items()})

    def _kept(
        self, candidates: dict[str, Candidate], given: dict[str, Given], before: dict[str, str]
    ) -> dict[str, Given]:
        """Keep what waits and who gave back what; returns what the caller is told."""
        rows: list[tuple[Candidate, str]] = []
        told: dict[str, Given] = {}
        for seal, item in candidates.items():
            state, told[seal] = self._state_of(item, given[seal], before.get(seal, ""))
            if (state and state != before.get(seal)) or state in states.OPEN:
                rows.append((item, state))
        kept.keep(self._connection, self._writing.school_id, self._writing.at, rows)
        return told

    def _state_of(self, item: Candidate, given: Given, before: str) -> tuple[str, Given]:
        """The state to keep (empty for none), and what the caller is told."""
        if given in (Given.TAKEN, Given.KNOWN):
            return (states.TAKEN if given is Given.TAKEN or before else ""), given
        own = self._caller is not None and self._caller.user_id == item.change.owner
        if given is Given.APART and own:
            return states.WITH_OWNER, Given.APART
        if before in (states.WITH_OWNER, states.DECIDED) and not self._asks(item):
            return before, Given.LEFT
        if before == states.WITH_OWNER:
            return before, Given.LEFT
        if own:
            return states.HELD, Given.HELD
        if given is Given.APART and self._ended and self._asks(item):
            return states.DECIDED, Given.DECIDE
        state = states.APART if given is Given.APART else states.HELD
        return state, Given.HELD if self._asks(item) else Given.LEFT

    def _asks(self, item: Candidate) -> bool:
        """Whether the caller's computer is the one that asks a person about it, if it comes to that."""
        caller = self._caller
        if caller is None or not _may_write(caller, item.change):
            return False
        return (item.user_id, item.device) == (caller.user_id, self._device)


def _of_erased(connection: Connection, school_id: str, offers: Sequence[Offer]) -> set[str]:
    """The seals of versions of, or about, who was erased: nothing is to be done with them any more (D3)."""
    hold_against_erasures(connection, school_id)
    named = {offer.change.seal: named_in(offer.change) for offer in offers}
    gone = erased_among(connection, school_id, {each for ids in named.values() for each in ids})
    return {seal for seal, ids in named.items() if ids & gone}


def _of_whom(item: Candidate, was: Candidate | None) -> Candidate:
    """The first computer that may enter it asks for it later; its owner's bytes are added to it."""
    if was is None:
        return item
    mine = item.operation is not None
    giver = item if mine or not was.device else was
    return replace(
        giver,
        before=item.before or was.before,
        operation=item.operation if mine else was.operation,
    )


def _is_ours(sealer: Sealer, offer: Offer) -> bool:
    return offer.change.entity in record_tables and sealer.is_ours(offer.change)


def _candidate(caller: Caller, device: str, offer: Offer) -> Candidate:
    change = offer.change
    operation = _own_bytes(caller, offer)
    return Candidate(
        change,
        offer.before,
        operation,
        caller.user_id,
        caller.user_name,
        device if _may_write(caller, change) else "",
    )


def _may_write(caller: Caller, change: Change) -> bool:
    return caller.covers(Act.WRITE, change.entity, change.id, change.values or {})


def _own_bytes(caller: Caller, offer: Offer) -> bytes | None:
    """The operation's bytes, where the caller is its owner and it is that very one."""
    if offer.operation == NO_RECORD or offer.change.owner != caller.user_id:
        return None
    raw = bytes(offer.operation)
    operation = read_incoming(raw).operation
    if operation is None or operation.op_id != offer.change.op_id:
        return None
    return raw


def _position(cursor: str) -> int:
    number = cursor.partition(".")[0]
    return int(number) if number.isascii() and number.isdecimal() and cursor != START else 0
