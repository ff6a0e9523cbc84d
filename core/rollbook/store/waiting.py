"""How much waits in a store that is not open, without touching it (S27)."""

import sqlite3
from contextlib import closing
from pathlib import Path

from rollbook.store.states import SETTLED

_SECONDS = 1.0


def waiting_in(store: Path) -> int | None:
    """How many entries the school does not have yet; ``None`` where that cannot be read."""
    settled = ", ".join(repr(state.value) for state in SETTLED)
    query = f"SELECT count(*) FROM operation WHERE state NOT IN ({settled})"
    try:
        with closing(
            sqlite3.connect(f"{store.resolve().as_uri()}?mode=ro", uri=True, timeout=_SECONDS)
        ) as connection:
            return int(connection.execute(query).fetchone()[0])
    except sqlite3.Error:
        return None
