"""The replica set aside before the records of a server that was put back are read over it (S22)."""

from sqlalchemy import Connection, delete, func, select

from rollbook.store.tables import KNOWN_VERSION, REPLICA, SET_ASIDE


def take(connection: Connection, at: str) -> None:
    """Copy what the school has by this computer's knowledge; ``at`` is the time now, ISO 8601 in UTC."""
    for name in REPLICA:
        connection.exec_driver_sql(
            "INSERT OR IGNORE INTO set_aside (entity, entity_id, version, base, deleted, at) "
            f'SELECT ?, id, version, base, base_deleted, ? FROM "{name}" WHERE version > 0',
            (name, at),
        )


def only_here(connection: Connection) -> int:
    """How many records the school lost that can be given back by nobody: they came here without a seal.

    Those that the school has again, or at a later version, are not counted, nor those with a seal.
    """
    found = 0
    for name, table in REPLICA.items():
        there = select(table.c.id).where(
            table.c.id == SET_ASIDE.c.entity_id, table.c.version >= SET_ASIDE.c.version
        )
        sealed = select(KNOWN_VERSION.c.seal).where(
            KNOWN_VERSION.c.entity_id == SET_ASIDE.c.entity_id, KNOWN_VERSION.c.version == SET_ASIDE.c.version
        )
        lost = (SET_ASIDE.c.entity == name) & ~there.exists() & ~sealed.exists()
        found += connection.execute(select(func.count()).select_from(SET_ASIDE).where(lost)).scalar_one()
    return found


def forget(connection: Connection, before: str) -> int:
    """Forget what was set aside before that time; how many records went."""
    return connection.execute(delete(SET_ASIDE).where(SET_ASIDE.c.at < before)).rowcount
