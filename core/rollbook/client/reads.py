"""What is asked of the records and entries that are on this computer (H2). Nothing here changes any."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rollbook.client import entries
from rollbook.client.queries import checked
from rollbook.client.record_view import RecordView
from rollbook.client.similar import Similar, duplicates, similar
from rollbook.client.values import RecordPage, RecordQuery, RecordRow, WaitingEntry
from rollbook.domain.entity import Values
from rollbook.domain.registry import ENTITIES
from rollbook.store import aliases, causes, listing, merges, outbox, soundness
from rollbook.store.database import StoreDatabase
from rollbook.store.states import SHOWN


class Reads:
    """The queries of a client: local, in milliseconds, from any thread."""

    def __init__(self, store: StoreDatabase) -> None:
        self._store = store

    def records(self, query: RecordQuery) -> RecordPage:
        """A page of records that are not archived.

        Raises ``KeyError`` for an unknown entity or field, :class:`RefusedEntryError` for an absurd value.
        """
        query = checked(query)
        with self._store.read() as connection:
            page = listing.page(
                connection,
                query.entity,
                words=query.text,
                sort=query.sort,
                descending=query.descending,
                limit=query.limit,
                offset=query.offset,
                filters=query.filters,
            )
        return RecordPage(tuple(_record(query.entity, row) for row in page.rows), page.total)

    def record(self, entity: str, entity_id: str) -> RecordRow | None:
        """One record, archived ones too; ``None`` when this computer has none.

        One that was merged leads to the one that it means (D4): look at the id of what is given.
        """
        with self._store.read() as connection:
            row = listing.one(connection, entity, merges.person(connection, entity, entity_id))
        return None if row is None else _record(entity, row)

    @contextmanager
    def view(self) -> Iterator[RecordView]:
        """Several questions whose answers fit each other: what is saved meanwhile is in none of them."""
        with self._store.read() as connection:
            yield RecordView(connection)

    def every_record(self, entity: str) -> Iterator[tuple[RecordRow, bool]]:
        """Every record here with whether it is archived, read as one consistent whole."""
        with self._store.read() as connection:
            for row in listing.every(connection, entity):
                yield _record(entity, row), bool(row["deleted"])

    def similar(self, values: Values, but: str | None = None) -> list[Similar]:
        """Students who may be the person of ``values``, the likeliest first (D4)."""
        return similar(self._store, values, but)

    def duplicates(self) -> list[tuple[Similar, Similar]]:
        """Pairs of students who are likely one person, of the whole school; takes seconds in a large one."""
        return duplicates(self._store)

    def entries_of(self, entity: str, entity_id: str) -> tuple[WaitingEntry, ...]:
        """The record's entries that wait, in the order in which they go."""
        with self._store.read() as connection:
            found = outbox.rows_of_record(connection, aliases.meant(connection, entity, entity_id))
            mine = [row for row in found if row.entity == entity]
            return entries.waiting_entries(mine, causes.waiting(connection, mine))

    def entry(self, op_id: str) -> WaitingEntry | None:
        """One entry, settled ones too."""
        with self._store.read() as connection:
            rows = outbox.group(connection, op_id)
            return entries.as_one(rows, causes.waiting(connection, rows)) if rows else None

    def entries(
        self, *, states: tuple[str, ...] | None = None, limit: int = 500, offset: int = 0
    ) -> tuple[WaitingEntry, ...]:
        """Entries in those states (all that are not settled, without), in the order in which they go."""
        with self._store.read() as connection:
            found = list(outbox.rows(connection, states or SHOWN, limit, offset))
            return entries.waiting_entries(found, causes.waiting(connection, found))

    def waiting_as_data(self) -> list[dict[str, Any]]:
        """All that the school does not have yet, complete enough to be entered again by hand."""
        with self._store.read() as connection:
            return [outbox.exported(row) for row in outbox.rows(connection, limit=1_000_000)]

    def verify(self) -> list[str]:
        """What is wrong with the store's file, in words; empty when it is sound."""
        with self._store.read() as connection:
            found = soundness.problems(connection)
        if found:
            self._store.doubt()
        return found


def _record(entity: str, row: Mapping[str, Any]) -> RecordRow:
    values = {name: row[name] for name in ENTITIES[entity].names}
    return RecordRow(row["id"], values, row["mark"], row["version"], bool(row.get("deleted")))
