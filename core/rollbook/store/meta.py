"""Single facts about the store: cursor, last sync, device sequence."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects.sqlite import insert

from rollbook.store.tables import META

# Made once: these are asked at every step of a sync and whenever the status is shown.
_ONE = select(META.c.value).where(META.c.name == bindparam("fact"))
_SEVERAL = select(META.c.name, META.c.value).where(META.c.name.in_(bindparam("facts", expanding=True)))


def get(connection: Connection, name: str) -> str | None:
    """The fact of that name, or ``None``."""
    return connection.execute(_ONE, {"fact": name}).scalar_one_or_none()


def several(connection: Connection, names: Sequence[str]) -> dict[str, str | None]:
    """The facts of those names, ``None`` for one that is not known."""
    found = connection.execute(_SEVERAL, {"facts": list(names)})
    return dict.fromkeys(names) | {row.name: row.value for row in found}


def put(connection: Connection, name: str, value: str | None) -> None:
    """Set the fact."""
    statement = insert(META).values(name=name, value=value)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["name"], set_={"value": statement.excluded.value})
    )
