"""Comparing with the school at the head (S21): table by table, and repairing only what differs."""

import json

import structlog
from sqlalchemy import Connection

from rollbook.contract.feed import ChangesPage
from rollbook.domain.clock import Clock
from rollbook.store import meta, scopes, sums
from rollbook.store.database import StoreDatabase
from rollbook.sync.events import Emit, TablesDiffer
from rollbook.sync.in_thread import in_thread

log = structlog.get_logger("rollbook.sync")
_DUE = "check_due"
_COUNTED_ON = "sums_counted_on"
_DIFFERING = "tables_that_differ"


def check_is_due(connection: Connection) -> bool:
    """Whether all that is here was read anew and has not been compared since."""
    return meta.get(connection, _DUE) is not None


def note_due(connection: Connection) -> None:
    """What is here was read anew: the next time at the head, its rows are counted and compared."""
    meta.put(connection, _DUE, "1")


def tables_that_differ(connection: Connection) -> list[str]:
    """Entities of which this computer did not have what the school has, when last compared."""
    found: list[str] = json.loads(meta.get(connection, _DIFFERING) or "[]")
    return found


class Check:
    """Compares each time that the head is reached; counts the rows themselves after they were read anew,
    once a day, and when the sums differ.
    """

    def __init__(self, store: StoreDatabase, clock: Clock, emit: Emit) -> None:
        self._store = store
        self._clock = clock
        self._emit = emit
        self._repaired: set[str] = set()

    async def at_head(self, page: ChangesPage) -> str | None:
        """Compare at the cursor of the last page; returns an entity to be read anew, ``None`` for none.

        Each is repaired once only until it has been the same again: what a repair does not mend is left for
        people, and told until then.
        """
        if not page.sums or self._scope_changes():
            return None
        if self._counting_is_due() or self._differing(page):
            await in_thread(self._count)
        differing = self._differing(page)
        self._note(differing)
        self._repaired &= set(differing)
        for entity in differing:
            if entity not in self._repaired:
                self._repaired.add(entity)
                return entity
        return None

    def _scope_changes(self) -> bool:
        """Whether records are still coming or leaving with the user's rights: then they do differ (S23)."""
        with self._store.read() as connection:
            return bool(scopes.outstanding(connection))

    def _today(self) -> str:
        return self._clock.now().date().isoformat()

    def _counting_is_due(self) -> bool:
        with self._store.read() as connection:
            return check_is_due(connection) or meta.get(connection, _COUNTED_ON) != self._today()

    def _differing(self, page: ChangesPage) -> list[str]:
        with self._store.read() as connection:
            return sums.differing(connection, page.sums)

    def _count(self) -> None:
        """Count the rows, while saves go on, and put right what was kept wrongly."""
        with self._store.read() as connection:
            wrong = sums.wrongly_kept(connection)
        with self._store.write() as connection:
            sums.mend(connection, wrong)
            meta.put(connection, _COUNTED_ON, self._today())
        for entity in wrong:
            log.error("sum_was_wrong", entity=entity)

    def _note(self, differing: list[str]) -> None:
        with self._store.read() as connection:
            before, due = tables_that_differ(connection), check_is_due(connection)
        if before == differing and not due:
            return
        with self._store.write() as connection:
            meta.put(connection, _DIFFERING, json.dumps(differing) if differing else None)
            meta.put(connection, _DUE, None)
        if before != differing:
            log.warning("tables_differ", entities=differing, before=before)
            self._emit(TablesDiffer(tuple(differing)))
