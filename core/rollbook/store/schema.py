"""Making the store's tables, and bringing those of an earlier version up to this one (S28).

A new table, column or index needs no step of its own here: what the tables of this version have and the
file lacks is added. A column that may not be empty needs a ``server_default``, for the rows that are there.
"""

import json

from sqlalchemy import Column, Connection, Index, Inspector, Table, bindparam, inspect, select, update
from sqlalchemy.schema import CreateColumn

from rollbook.domain.registry import ENTITIES
from rollbook.schema.search_text import WORDS_VERSION
from rollbook.store import meta, sums
from rollbook.store.errors import NewerStoreError
from rollbook.store.search_index import find_words_anew, has_search_index, make_search_index
from rollbook.store.tables import BASE_SUM, ERASED, FILLING, REPLICA, SEARCHED, metadata

STORE_VERSION = 1


def is_empty(connection: Connection) -> bool:
    """Whether the file holds no table at all: it has just been made."""
    return not inspect(connection).get_table_names()


def needs_preparing(connection: Connection) -> bool:
    """Whether :func:`prepare` would change the file. Raises as it does."""
    if _version(connection) != STORE_VERSION:
        return True
    present = inspect(connection)
    names = set(present.get_table_names())
    return (
        any(name not in names for name in metadata.tables)
        or any(_missing_columns(present, table) for table in metadata.tables.values())
        or any(_missing_indexes(present, table) for table in _finished_tables(connection))
        or not all(has_search_index(connection, name) for name in SEARCHED)
        or meta.get(connection, meta.WORDS) != WORDS_VERSION
    )


def prepare(connection: Connection) -> None:
    """Make what is missing. Raises :class:`NewerStoreError` for a store of a later version."""
    version = _version(connection)
    sums_were_kept = inspect(connection).has_table(BASE_SUM.name)
    passed_over = not is_empty(connection) and not inspect(connection).has_table(ERASED.name)
    metadata.create_all(connection)
    for table in metadata.tables.values():
        _add_missing(connection, table)
    for name in SEARCHED:
        make_search_index(connection, name)
    if meta.get(connection, meta.WORDS) != WORDS_VERSION:
        find_words_anew(connection)
        meta.put(connection, meta.WORDS, WORDS_VERSION)
    if not sums_were_kept:  # what came before is in none (S21)
        sums.mend(connection, sums.wrongly_kept(connection))
    if passed_over:  # an earlier release passed over what the feed told of erasures (D3)
        meta.put(connection, meta.ERASED_TO_ASK, "1")
    if version != STORE_VERSION:
        connection.exec_driver_sql(f"PRAGMA user_version={STORE_VERSION}")


def _version(connection: Connection) -> int:
    version: int = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
    if version > STORE_VERSION:
        raise NewerStoreError(f"it is of version {version}, this one reads up to {STORE_VERSION}")
    return version


def _add_missing(connection: Connection, table: Table) -> None:
    present = inspect(connection)
    columns = _missing_columns(present, table)
    for column in columns:
        described = CreateColumn(column).compile(dialect=connection.dialect)
        connection.exec_driver_sql(f'ALTER TABLE "{table.name}" ADD COLUMN {described}')
    for index in _missing_indexes(present, table) if table in _finished_tables(connection) else ():
        index.drop(connection, checkfirst=True)
        index.create(connection)
    if table.name in REPLICA:
        _fill_from_base(connection, table, [column.name for column in columns])


def _missing_columns(present: Inspector, table: Table) -> list[Column[object]]:
    names = {column["name"] for column in present.get_columns(table.name)}
    return [column for column in table.columns if column.name not in names]


def _missing_indexes(present: Inspector, table: Table) -> list[Index]:
    """Those that are not there, or are there over other columns."""
    found = {index["name"]: index["column_names"] for index in present.get_indexes(table.name)}
    wanted = sorted(table.indexes, key=lambda index: str(index.name))
    return [index for index in wanted if found.get(index.name) != [column.name for column in index.columns]]


def _finished_tables(connection: Connection) -> list[Table]:
    """All but those that a first sync is filling: it makes their indexes at its end (S20)."""
    filled = set(connection.execute(select(FILLING.c.entity)).scalars())
    return [table for table in metadata.tables.values() if table.name not in filled]


def _fill_from_base(connection: Connection, table: Table, added: list[str]) -> None:
    """A field that the domain gained is a column here; its values were kept in the base all along."""
    names = [name for name in ENTITIES[table.name].names if name in added]
    if not names:
        return
    rows = connection.execute(select(table.c.row, table.c.base).where(table.c.base.is_not(None))).all()
    found = [{"the_row": row, **{name: json.loads(base).get(name) for name in names}} for row, base in rows]
    if found:
        statement = update(table).where(table.c.row == bindparam("the_row"))
        connection.execute(statement.values({name: bindparam(name) for name in names}), found)
