"""Which filling is running: what an earlier one found counts as not found yet (S20)."""

from sqlalchemy import Connection

from rollbook.store import meta
from rollbook.store.rows import read

_NUMBER = "filling"


def number(connection: Connection) -> int:
    """The number of the latest filling, 0 before the first."""
    return int(meta.get(connection, _NUMBER) or 0)


def next_number(connection: Connection) -> None:
    """A new filling begins: from now on nothing is found yet."""
    meta.put(connection, _NUMBER, str(number(connection) + 1))


def finding(connection: Connection, entity: str) -> int:
    """The number of the filling that reads the entity in, 0 for none."""
    found = read(
        connection,
        "SELECT meta.value FROM filling, meta WHERE filling.entity = ? AND meta.name = ?",
        (entity, _NUMBER),
    )
    return int(found[0][0]) if found else 0
