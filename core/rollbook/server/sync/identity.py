"""Which record an operation means: the one of its id, one that this is an alias of, one by key (S16, D4)."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, select, text

from rollbook.contract.operations import Kind, Operation
from rollbook.domain.canonical import UnfitError, canonical_value
from rollbook.domain.entity import EntityType, Values
from rollbook.server.sync.set_wise import among
from rollbook.server.tables import alias, record_tables

T = TypeVar("T")
KeyHeld = tuple[str, str, tuple[Any, ...]]
"""Entity, the natural key's name, and its values."""


def key_name(key: tuple[str, ...]) -> str:
    """One word for the fields of a natural key."""
    return "+".join(key)


def key_of(entity: EntityType, values: Values) -> KeyHeld | None:
    """The first natural key that ``values`` hold whole."""
    key = entity.natural_key(values)
    return None if key is None else (entity.name, key_name(key), tuple(values[name] for name in key))


def key_of_create(entity: EntityType, operation: Operation) -> KeyHeld | None:
    """The natural key that a create gives its record."""
    if operation.kind is not Kind.CREATE or not entity.natural_keys:
        return None
    names = {name for key in entity.natural_keys for name in key if name in operation.changes}
    return key_of(entity, _canonical(entity, operation, names))


def key_after(entity: EntityType, operation: Operation, before: Values) -> KeyHeld | None:
    """The natural key that a record has after an operation that changes one; ``None`` for any other."""
    names = {name for key in entity.natural_keys for name in key if name in operation.changes}
    return key_of(entity, {**before, **_canonical(entity, operation, names)}) if names else None


def hold_keys(connection: Connection, school_id: str, entity: str) -> None:
    """Let no one else give a natural key until the commit, so that two creates of one thing become one.

    SQLite has one writer anyway.
    """
    if connection.dialect.name == "postgresql":
        name = f"natural keys:{school_id}:{entity}"
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})


def read_aliases(connection: Connection, school_id: str, entity: str, ids: Collection[str]) -> dict[str, str]:
    """The record that is meant, by each of ``ids`` that is an alias."""
    return {
        row.alias_id: row.record_id
        for some in _parts(sorted(ids))
        for row in connection.execute(
            select(alias.c.alias_id, alias.c.record_id).where(
                alias.c.school_id == school_id, alias.c.entity == entity, alias.c.alias_id.in_(some)
            )
        )
    }


def names_of(connection: Connection, school_id: str, entity: str, ids: Collection[str]) -> set[str]:
    """All ids under which the records that ``ids`` mean may be named by others (D4)."""
    known = read_aliases(connection, school_id, entity, ids)
    meant = {known.get(each, each) for each in ids}
    found = connection.execute(
        select(alias.c.alias_id).where(
            alias.c.school_id == school_id,
            alias.c.entity == entity,
            among(connection, alias.c.record_id, sorted(meant)),
        )
    )
    return meant | set(found.scalars())


def read_keyed(
    connection: Connection, school_id: str, entity: EntityType, wanted: Collection[KeyHeld]
) -> tuple[dict[KeyHeld, str], dict[KeyHeld, str]]:
    """Who holds each of those natural keys: live records, and archived ones where there is no live one."""
    live: dict[KeyHeld, str] = {}
    archived: dict[KeyHeld, str] = {}
    table = record_tables[entity.name]
    for key in entity.natural_keys:
        columns = [table.c[name] for name in key]
        values = sorted(each for _entity, name, each in wanted if name == key_name(key))
        for some in _parts(values):
            query = select(table.c.id, table.c.deleted_at, *columns).where(
                table.c.school_id == school_id,
                *(column.in_({each[place] for each in some}) for place, column in enumerate(columns)),
            )
            for row in connection.execute(query.order_by(table.c.id)):
                held = (entity.name, key_name(key), tuple(row[2:]))
                (live if row.deleted_at is None else archived).setdefault(held, row.id)
    return live, {held: record_id for held, record_id in archived.items() if held not in live}


def _canonical(entity: EntityType, operation: Operation, names: Iterable[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in names:
        spec = entity.field(name)
        if spec is not None:
            try:
                values[name] = canonical_value(spec, operation.changes[name].value)
            except UnfitError:
                values[name] = None  # refused when it is decided
    return values


def _parts(items: Sequence[T], size: int = 500) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
