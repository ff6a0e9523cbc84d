"""Single facts about the store: cursor, last sync, device sequence."""

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from rollbook.store.tables import META


def get(connection: Connection, name: str) -> str | None:
    """The fact of that name, or ``None``."""
    return connection.execute(select(META.c.value).where(META.c.name == name)).scalar_one_or_none()


def put(connection: Connection, name: str, value: str | None) -> None:
    """Set the fact."""
    statement = insert(META).values(name=name, value=value)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["name"], set_={"value": statement.excluded.value})
    )
