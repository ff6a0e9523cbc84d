"""Reading the replica anew under what is shown: old rows stay until the new ones are all there (S7, S22)."""

from sqlalchemy import Connection, select, update

from rollbook.domain.registry import ENTITIES
from rollbook.store import meta, replica
from rollbook.store.tables import REPLICA

_REFILLING = "refilling"
_STALE = -1  # below every version: whatever the server sends now counts


def begin(connection: Connection) -> None:
    """From now on every row that the server sends counts, whatever version it has."""
    for table in REPLICA.values():
        connection.execute(update(table).where(table.c.version.is_not(None)).values(version=_STALE))
    meta.put(connection, _REFILLING, "1")


def finish(connection: Connection) -> dict[str, list[str]]:
    """All rows have been read: those that did not come are no longer at the school. Returns ids by entity."""
    if meta.get(connection, _REFILLING) is None:
        return {}
    gone: dict[str, list[str]] = {}
    for name, table in REPLICA.items():
        stale = list(connection.execute(select(table.c.id).where(table.c.version == _STALE)).scalars())
        for record_id in stale:
            connection.execute(
                update(table).where(table.c.id == record_id).values(version=None, base=None, base_deleted=0)
            )
            replica.refresh(connection, ENTITIES[name], record_id)
        gone[name] = stale
    meta.put(connection, _REFILLING, None)
    return gone
