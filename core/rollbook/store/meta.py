"""Single facts about the store: cursor, last sync, device sequence."""

from collections.abc import Sequence

from sqlalchemy import Connection

from rollbook.store.rows import THESE, read, these, write

CURSOR = "cursor"
"""Up to where the feed is read; no fact while everything is still to be read."""
RECOVERY = "recovery"
"""The step at which giving back to a school that was put back is (S22)."""

ERASED_TO_ASK = "erased_to_ask"
"""Set while the school is to be asked for all whom it has erased: the feed told it to nobody here (D3)."""
BASES_IN_DOUBT = "bases_in_doubt"
"""Set from when it is noticed that the school was put back until all is read anew (S22)."""

WORDS = "words"
"""The version of the words by which records are found here (D5)."""


def get(connection: Connection, name: str) -> str | None:
    """The fact of that name, or ``None``."""
    found = read(connection, "SELECT value FROM meta WHERE name = ?", (name,))
    value: str | None = found[0][0] if found else None
    return value


def several(connection: Connection, names: Sequence[str]) -> dict[str, str | None]:
    """The facts of those names, ``None`` for one that is not known."""
    found = read(connection, f"SELECT name, value FROM meta WHERE name IN {THESE}", [these(names)])
    return dict.fromkeys(names) | dict(found)


def put(connection: Connection, name: str, value: str | None) -> None:
    """Set the fact."""
    write(
        connection,
        "INSERT INTO meta (name, value) VALUES (?, ?) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        [(name, value)],
    )
