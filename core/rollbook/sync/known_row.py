"""The last row of the feed that this computer was told of: by it a server put back is noticed (S22)."""

from sqlalchemy import Connection

from rollbook.contract.feed import START, later_cursor
from rollbook.store import meta

KNOWN = "known_row"


def known_row(connection: Connection) -> str:
    """That row, as a cursor; shown with every request that writes or reads on."""
    return meta.get(connection, KNOWN) or START


def note_known(connection: Connection, cursor: str) -> None:
    """We have been told of that row; an earlier one does not count."""
    known = known_row(connection)
    later = later_cursor(known, cursor or START)
    if later != known:
        meta.put(connection, KNOWN, later)


def known_anew(connection: Connection, cursor: str) -> None:
    """The server was put back, and this is its last row now."""
    meta.put(connection, KNOWN, cursor)
