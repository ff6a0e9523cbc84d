"""Making the store's tables, and bringing those of an earlier version up to this one (S28)."""

import json

from sqlalchemy import Connection, Table, bindparam, inspect, select, update

from rollbook.domain.registry import ENTITIES
from rollbook.store.errors import StoreDamagedError
from rollbook.store.tables import REPLICA, metadata

STORE_VERSION = 1


def prepare(connection: Connection) -> None:
    """Make what is missing. Raises :class:`StoreDamagedError` for a store of a later version."""
    version: int = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
    if version > STORE_VERSION:
        raise StoreDamagedError(f"it was written by a later version of Rollbook, {version}")
    metadata.create_all(connection)
    for table in REPLICA.values():
        _add_new_fields(connection, table)
        _search_index(connection, table)
    if version != STORE_VERSION:
        connection.exec_driver_sql(f"PRAGMA user_version={STORE_VERSION}")


def _add_new_fields(connection: Connection, table: Table) -> None:
    """A field that the domain gained is a column here; its values were kept in the base all along."""
    present = {column["name"] for column in inspect(connection).get_columns(table.name)}
    missing = [name for name in ENTITIES[table.name].names if name not in present]
    for name in missing:
        kind = table.c[name].type.compile(dialect=connection.dialect)
        connection.exec_driver_sql(f'ALTER TABLE "{table.name}" ADD COLUMN "{name}" {kind}')
    if missing:
        _fill_from_base(connection, table, missing)


def _fill_from_base(connection: Connection, table: Table, names: list[str]) -> None:
    rows = connection.execute(select(table.c.row, table.c.base).where(table.c.base.is_not(None))).all()
    found = [{"the_row": row, **{name: json.loads(base).get(name) for name in names}} for row, base in rows]
    if found:
        statement = update(table).where(table.c.row == bindparam("the_row"))
        connection.execute(statement.values({name: bindparam(name) for name in names}), found)


def _search_index(connection: Connection, table: Table) -> None:
    """A full-text index over ``search_text`` that follows the table by triggers."""
    name = table.name
    for statement in (
        f"CREATE VIRTUAL TABLE IF NOT EXISTS {name}_search USING fts5("
        f"search_text, content='{name}', content_rowid='row', prefix='1')",
        f"CREATE TRIGGER IF NOT EXISTS {name}_searched_added AFTER INSERT ON {name} BEGIN "
        f"INSERT INTO {name}_search(rowid, search_text) VALUES (new.row, new.search_text); END",
        f"CREATE TRIGGER IF NOT EXISTS {name}_searched_removed AFTER DELETE ON {name} BEGIN "
        f"INSERT INTO {name}_search({name}_search, rowid, search_text) "
        f"VALUES ('delete', old.row, old.search_text); END",
        f"CREATE TRIGGER IF NOT EXISTS {name}_searched_changed AFTER UPDATE OF search_text ON {name} "
        f"WHEN old.search_text IS NOT new.search_text BEGIN "
        f"INSERT INTO {name}_search({name}_search, rowid, search_text) "
        f"VALUES ('delete', old.row, old.search_text); "
        f"INSERT INTO {name}_search(rowid, search_text) VALUES (new.row, new.search_text); END",
    ):
        connection.exec_driver_sql(statement)
