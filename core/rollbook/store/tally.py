"""How much is in the store, in numbers."""

from pathlib import Path

from sqlalchemy import Connection, func, select

from rollbook.store.tables import ATTEMPT, OPERATION, REPLICA

_FILES = ("", "-wal", "-shm")


def entries_by_state(connection: Connection) -> dict[str, int]:
    """Entries in each state, settled ones that are still kept too."""
    rows = connection.execute(select(OPERATION.c.state, func.count()).group_by(OPERATION.c.state))
    return {row[0]: row[1] for row in rows}


def records(connection: Connection) -> dict[str, dict[str, int]]:
    """Records of each kind: all, archived, and with an edit that waits or needs a person."""
    return {
        name: {
            "all": _count(connection, select(func.count()).select_from(table)),
            "archived": _count(connection, select(func.count()).where(table.c.deleted == 1)),
            "marked": _count(connection, select(func.count()).where(table.c.mark != "")),
        }
        for name, table in REPLICA.items()
    }


def attempts(connection: Connection) -> int:
    """Requests that are remembered."""
    return _count(connection, select(func.count()).select_from(ATTEMPT))


def sizes(store: Path) -> dict[str, int]:
    """Bytes of the store's file and of those beside it."""
    files = ((ending, store.with_name(store.name + ending)) for ending in _FILES)
    return {f"store{ending}": file.stat().st_size for ending, file in files if file.exists()}


def _count(connection: Connection, query: object) -> int:
    return int(connection.execute(query).scalar_one())  # type: ignore[call-overload]
