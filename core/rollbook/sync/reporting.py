"""Telling the school how things stand here, beside the syncs and never in their way (S30)."""

import asyncio
import platform
from datetime import datetime

from rollbook.api.client import ApiClient
from rollbook.contract.devices import MAX_COMPUTER_NAME, NEVER, DeskReport
from rollbook.domain.clock import Clock
from rollbook.resilience.connectivity import ConnectionState
from rollbook.resilience.failures import CallFailedError
from rollbook.store.database import StoreDatabase
from rollbook.store.states import GOES_BY_ITSELF, State
from rollbook.sync.settings import SyncSettings
from rollbook.sync.status import TableStatus, table_status

_THERE = (ConnectionState.ONLINE, ConnectionState.DEGRADED)


class Reporting:
    """Sends a report after a sync when it says something new, or nothing was said for a while."""

    def __init__(
        self, store: StoreDatabase, api: ApiClient, *, clock: Clock, settings: SyncSettings, version: str
    ) -> None:
        self._store = store
        self._api = api
        self._clock = clock
        self._settings = settings
        self._version = version
        self._told: tuple[object, ...] | None = None
        self._told_at = 0.0

    async def tell(self, *, overdue: bool) -> None:
        """Tell, if the server is there. Fails silently: the next sync tells it."""
        if self._api.connection().state not in _THERE:
            return
        with self._store.read() as connection:
            report = self._report(table_status(connection, reachable=True, overdue=overdue), overdue)
        said = (report.waiting, report.parked, report.conflicts, report.recovers, report.outstanding)
        now = self._clock.monotonic()
        if said == self._told and now - self._told_at < self._settings.sync_report_seconds:
            return
        try:
            async with asyncio.timeout(self._settings.sync_report_wait_seconds):
                await self._api.report(report, self._settings.sync_report_wait_seconds)
        except (CallFailedError, TimeoutError):
            return
        self._told, self._told_at = said, now

    def _report(self, status: TableStatus, overdue: bool) -> DeskReport:
        counts = status.counts
        return DeskReport(
            waiting=sum(counts.get(state, 0) for state in GOES_BY_ITSELF),
            parked=counts.get(State.PARKED, 0),
            conflicts=counts.get(State.CONFLICT, 0),
            oldest_seconds=max(0, self._age(status.oldest_waiting_at, 0)),
            synced_seconds_ago=max(NEVER, self._age(status.last_synced_at, NEVER)),
            recovers=not overdue,
            outstanding=status.outstanding,
            version=self._version,
            computer=platform.node()[:MAX_COMPUTER_NAME],
        )

    def _age(self, moment: str | None, otherwise: int) -> int:
        """By the clock that wrote it: both are this computer's (S29)."""
        if moment is None:
            return otherwise
        return int((self._clock.now() - datetime.fromisoformat(moment)).total_seconds())
