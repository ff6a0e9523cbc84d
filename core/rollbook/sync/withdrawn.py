"""What was withdrawn leaves this computer: first its entries to the registrar, then its records (S23)."""

from collections.abc import Awaitable, Callable, Collection, Sequence

import msgspec

from rollbook.api.client import ApiClient
from rollbook.contract.feed import position_of
from rollbook.contract.problems import Problem, problem
from rollbook.contract.proposals import Handing
from rollbook.domain import checkpoints
from rollbook.domain.clock import Clock
from rollbook.domain.scope import Act, Scope
from rollbook.resilience.failures import CallFailedError
from rollbook.store import fence, handing, leaving, recovery, scopes
from rollbook.store.database import StoreDatabase
from rollbook.store.lease import Leased
from rollbook.store.settle import fail_alone, give_back
from rollbook.sync.attempt_log import AttemptLog
from rollbook.sync.events import Emit, RecordsChanged, StatusChanged
from rollbook.sync.files import FileSender
from rollbook.sync.known_row import known_row, note_known
from rollbook.sync.lanes import LaneBackoff
from rollbook.sync.settings import SyncSettings

Forget = Callable[[], Awaitable[None]]
"""Deletes the answers that are kept for when the server is away."""

_ITS_OWN = ("internal-error", "body-too-large", "malformed-request", "not-found", "method-not-allowed")
"""Failures of a whole request that may be one entry's: halved until it is alone (S8)."""


class Withdrawn:
    """Only online, and only what the feed told. An entry that the server does not take keeps all it has."""

    def __init__(
        self,
        store: StoreDatabase,
        api: ApiClient,
        *,
        device: str,
        clock: Clock,
        settings: SyncSettings,
        lanes: LaneBackoff,
        log: AttemptLog,
        files: FileSender,
        emit: Emit,
    ) -> None:
        self._store = store
        self._api = api
        self._device = device
        self._clock = clock
        self._settings = settings
        self._lanes = lanes
        self._log = log
        self._files = files
        self._emit = emit

    async def run(self, forget: Forget) -> bool:
        """Hand over, then remove, what is leaving; whether anything was. Raises :class:`CallFailedError`."""
        with self._store.read() as connection:
            gone = scopes.leaving(connection)
            giving_back = recovery.step(connection) is not None
        if not gone or giving_back:  # what the school has lost goes back to it first (S22)
            return False
        await self._hand_over()
        await forget()
        for scope in gone:
            if scope.act is Act.READ:
                self._remove(scope)
            else:
                self._finish(scope)
        return True

    def lanes(self) -> set[str]:
        """The lanes of entries that wait to be handed over: nothing of them is pushed."""
        with self._store.read() as connection:
            return handing.lanes_held_back(connection)

    async def _hand_over(self) -> None:
        tried: set[str] = set()
        while leased := self._lease(tried):
            tried.update(each.op_id for each in leased)
            self._emit(StatusChanged())
            await self._send(leased)

    def _lease(self, tried: set[str]) -> list[Leased]:
        with self._store.write() as connection:
            known = position_of(known_row(connection))
            return handing.lease_for_registrar(
                connection,
                self._device,
                self._settings.sync_push_operations,
                tried,
                self._lanes.held(),
                known,
            )

    async def _send(self, leased: Sequence[Leased]) -> None:
        checkpoints.passed("client.proposals.before_send")
        try:
            with self._log.carrying([each.op_id for each in leased]):
                operations = [msgspec.Raw(each.frozen) for each in leased]
                answer = await self._api.propose(operations, *self._known())
        except CallFailedError as failure:
            await self._failed(leased, failure)
            return
        except BaseException:  # cancelled, or a defect: the server may have taken them
            self._return(leased, uncertain=True)
            raise
        checkpoints.passed("client.proposals.answered")
        taken = {result.op_id for result in answer.value.results if result.outcome is not Handing.REFUSED}
        # Their files go before their values leave this computer; the school waits for them by now.
        unfiled = await self._send_files(leased, taken)
        leased = [each for each in leased if each.op_id not in unfiled]
        with self._store.write() as connection:
            at = self._clock.now().isoformat()
            handing.settle(connection, leased, answer.value.results, answer.request_id, at)
            if answer.value.known:
                note_known(connection, answer.value.known)
            self._log.write(connection)
            checkpoints.passed("client.proposals.before_commit")
        for each in leased:
            note = self._lanes.went if each.op_id in taken else self._lanes.failed
            note(each.lane)
        self._told(leased)

    async def _send_files(self, leased: Sequence[Leased], taken: Collection[str]) -> set[str]:
        """Send the files of those that were taken; gives those whose files are not: they say why."""
        try:
            refused = await self._files.send([each for each in leased if each.op_id in taken])
        except BaseException:  # all are handed over again, which changes nothing at the school
            self._return(leased, uncertain=True)
            raise
        causes = {result.op_id: result.problem for result in refused}
        for each in leased:
            cause = causes.get(each.op_id)
            if cause is not None:
                self._keep(each, cause, None)
        return set(causes)

    def _keep(self, each: Leased, cause: Problem, request_id: str | None) -> None:
        with self._store.write() as connection:
            fail_alone(connection, each, request_id, cause)
            self._log.write(connection)
        self._lanes.failed(each.lane)
        self._told([each])

    def _known(self) -> tuple[str, int]:
        with self._store.read() as connection:
            return known_row(connection), fence.count(connection)

    async def _failed(self, leased: Sequence[Leased], failure: CallFailedError) -> None:
        if failure.code not in _ITS_OWN:
            self._return(leased, uncertain=failure.outcome_unknown, request_id=failure.request_id)
            raise failure
        if len(leased) > 1:
            middle = len(leased) // 2
            await self._send(leased[:middle])
            await self._send(leased[middle:])
            return
        cause = failure.problem if isinstance(failure.problem, Problem) else problem(failure.code)
        self._keep(leased[0], cause, failure.request_id)

    def _return(self, leased: Sequence[Leased], *, uncertain: bool, request_id: str | None = None) -> None:
        with self._store.write() as connection:
            give_back(connection, leased, request_id, uncertain=uncertain)
            self._log.write(connection)
        self._emit(StatusChanged())

    def _remove(self, scope: Scope) -> None:
        """In small transactions: a save need not wait for a whole school to go."""
        more = True
        while more:
            with self._store.write() as connection:
                more = leaving.remove_some(connection, scope)
                checkpoints.passed("client.leaving.before_commit")
            self._emit(RecordsChanged(scope.entity, None))
        leaving.wipe(self._store, scope.entity)
        self._finish(scope)

    def _finish(self, scope: Scope) -> None:
        with self._store.write() as connection:
            if leaving.is_gone(connection, scope):
                scopes.left(connection, scope)
        self._emit(StatusChanged())

    def _told(self, leased: Sequence[Leased]) -> None:
        for entity in {each.entity for each in leased}:
            self._emit(RecordsChanged(entity, None))
        self._emit(StatusChanged())
