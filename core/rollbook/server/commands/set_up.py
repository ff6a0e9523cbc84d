"""``rollbook-server set-up``: the codes and scales that a new school has, for one that lacks them."""

from sqlalchemy import Connection, select

from rollbook.domain.clock import Clock
from rollbook.domain.default_set_up import default_set_up
from rollbook.server.commands.accounts import existing_school
from rollbook.server.commands.opening import opened
from rollbook.server.commands.speaking import DONE, say
from rollbook.server.settings import Settings
from rollbook.server.sync.new_records import store_new
from rollbook.server.tables import record_tables


def set_up(settings: Settings, clock: Clock, *, school: str | None) -> int:
    """Add what is missing; what the school has, archived or changed, stays as it is."""

    def store(connection: Connection) -> int:
        return add_missing(connection, clock, existing_school(connection, school))

    with opened(settings, clock) as database:
        added = database.write(store)
    say(f"Added {added} attendance codes and grade scales." if added else "Nothing is missing.")
    return DONE


def add_missing(connection: Connection, clock: Clock, school_id: str) -> int:
    """Store those of the defaults that the school never had; gives how many."""
    missing = [
        (entity, record_id, values)
        for entity, record_id, values in default_set_up(school_id)
        if not _is_there(connection, school_id, entity, record_id, values)
    ]
    return store_new(connection, clock, school_id, missing)


def _is_there(
    connection: Connection, school_id: str, entity: str, record_id: str, values: dict[str, object]
) -> bool:
    """By its id, or by what the school holds once: a code of that key that was made otherwise."""
    table = record_tables[entity]
    same = table.c.id == record_id
    if "key" in values:
        same |= (table.c.school_id == school_id) & (table.c.key == values["key"])
    return connection.execute(select(table.c.id).where(same)).first() is not None
