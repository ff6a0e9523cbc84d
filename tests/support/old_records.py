"""A planted bug: what is granted is read at an older position of the feed than the desk's cursor (S23)."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, Table, select

from rollbook.domain.registry import ENTITIES
from rollbook.server.sync import snapshot
from rollbook.server.tables import feed


def granted_behind_the_cursor(patch: pytest.MonkeyPatch, position: Callable[[int], int]) -> None:
    """Have a snapshot's rows be those of an earlier position; ``position`` is given the feed's head."""

    def rows_of_then(
        connection: Connection, table: Table, school_id: str, after: str, limit: int
    ) -> list[Any]:
        rows = connection.execute(
            select(feed.c.position, feed.c.entity_id, feed.c.payload)
            .where(feed.c.school_id == school_id, feed.c.entity == table.name)
            .order_by(feed.c.position)
        ).all()
        head = snapshot.heads_of(connection, [school_id])[school_id]
        then = {row.entity_id: json.loads(row.payload) for row in rows if row.position <= position(head)}
        names = ENTITIES[table.name].names
        found = [
            (
                record_id,
                change["version"],
                "archived" if change.get("deleted") else None,
                *(change["values"].get(name) for name in names),
            )
            for record_id, change in sorted(then.items())
            if record_id > after
        ]
        return found[:limit]

    patch.setattr(snapshot, "rows_behind", rows_of_then)
