"""Entries of a school's feed that are for one user alone (S23)."""

import secrets

from sqlalchemy import Connection, insert

from rollbook.contract.feed import Change
from rollbook.server.sync.write import advance_head, feed_row
from rollbook.server.tables import feed


def tell(connection: Connection, school_id: str, user_id: str, change: Change) -> None:
    """Write ``change`` into the feed for that user; to be called last: it holds the counter (S17)."""
    position = advance_head(connection, school_id, 1)
    mark = secrets.token_hex(8)
    connection.execute(insert(feed).values(feed_row(school_id, position, mark, change, addressee=user_id)))
