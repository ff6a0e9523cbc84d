"""Keeps a block of numbers at this desk, reserved while online, for when it is not (S16, S22)."""

from rollbook.api.client import ApiClient
from rollbook.contract.numbers import BlockRequest
from rollbook.domain.clock import Clock
from rollbook.domain.entity import FieldSpec
from rollbook.domain.ids import IdSource
from rollbook.domain.registry import ENTITIES
from rollbook.resilience.failures import CallFailedError, FailureKind
from rollbook.store import meta, numbers
from rollbook.store.database import StoreDatabase
from rollbook.sync.settings import SyncSettings


class NumberKeeper:
    """Asks for a new block when less than half of one is left."""

    def __init__(
        self, store: StoreDatabase, api: ApiClient, *, clock: Clock, new_id: IdSource, settings: SyncSettings
    ) -> None:
        self._store = store
        self._api = api
        self._clock = clock
        self._new_id = new_id
        self._settings = settings
        self._not_before = 0.0

    async def top_up(self) -> None:
        """Reserve what is needed. A refusal (no right, a recovery) is waited out.

        Raises :class:`CallFailedError` for a failure of the system.
        """
        if self._clock.monotonic() < self._not_before:
            return
        for entity in ENTITIES.values():
            for spec in entity.fields:
                if spec.numbered:
                    await self._keep_filled(entity.name, spec)

    async def report(self) -> None:
        """Tell a restored server which blocks are in use here (S22). Raises :class:`CallFailedError`."""
        with self._store.read() as connection:
            live = numbers.live_blocks(connection)
        if live:
            await self._api.report_numbers(live)

    async def _keep_filled(self, entity: str, spec: FieldSpec) -> None:
        with self._store.read() as connection:
            if not numbers.runs_low(connection, entity, spec.name):
                return
            live = numbers.live_blocks(connection)
        asked = BlockRequest(self._request_id(entity, spec.name), entity, spec.name, live)
        try:
            block = await self._api.reserve_numbers(asked)
        except CallFailedError as failure:
            if failure.kind is not FailureKind.CLIENT or failure.code == "not-signed-in":
                raise
            self._not_before = self._clock.monotonic() + self._settings.sync_numbers_again_seconds
            return
        with self._store.write() as connection:
            numbers.add_block(connection, block)
            meta.put(connection, _request(entity, spec.name), None)

    def _request_id(self, entity: str, field: str) -> str:
        """Kept before it is sent: if the answer is lost, the same block is asked for again."""
        with self._store.write() as connection:
            known = meta.get(connection, _request(entity, field))
            if known is None:
                known = self._new_id()
                meta.put(connection, _request(entity, field), known)
        return known


def _request(entity: str, field: str) -> str:
    return f"number_request:{entity}.{field}"
