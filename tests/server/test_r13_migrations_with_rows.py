"""Every migration, back and forth, on both databases, with rows in every table (R13, S28)."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    LargeBinary,
    Table,
    func,
    insert,
    inspect,
    select,
)

from rollbook.domain.clock import SystemClock
from rollbook.server.database import Database
from rollbook.server.migrating import migrate, revision_of
from rollbook.server.migrations import HEAD
from rollbook.server.tables import metadata
from support import postgres
from support.school_server import settings_for

FIRST = "0001"
BASE = "base"
_LEFT_AT_THE_BASE = {"alembic_version"}


def alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", "rollbook.server:migrations")
    return config


REVISIONS = [each.revision for each in ScriptDirectory.from_config(alembic()).walk_revisions()]
"""From the head back to the first."""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def filled(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A migrated database with a row in every table."""
    superuser, name = None, f"rollbook_{uuid.uuid4().hex}"
    if request.param == "sqlite":
        place = f"sqlite:///{tmp_path / 'school.sqlite3'}"
    else:
        superuser = request.getfixturevalue("superuser")
        place = postgres.make_database(superuser, name).render_as_string(hide_password=False)
    database = Database(settings_for(place, tmp_path), SystemClock())
    migrate(database)
    database.write(fill)
    yield database
    database.close()
    if superuser is not None:
        postgres.drop_database(superuser, name)


def fill(connection: Connection) -> None:
    """A row in every table; what refers to another table refers to that one's row."""
    known: dict[tuple[str, str], Any] = {}
    for table in metadata.sorted_tables:
        values = {column.name: _value(column, known) for column in table.columns}
        if not counted(connection, table):
            connection.execute(insert(table).values(values))
        else:
            values = dict(connection.execute(select(table)).mappings().one())
        known |= {(table.name, name): value for name, value in values.items()}


def _value(column: Column[Any], known: dict[tuple[str, str], Any]) -> Any:
    for key in column.foreign_keys:
        return known[key.column.table.name, key.column.name]
    if isinstance(column.type, BigInteger | Integer):
        return 1
    if isinstance(column.type, LargeBinary):
        return b"bytes"
    return f"some {column.name}"


def counted(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def brought(database: Database, revision: str) -> None:
    """Go back to ``revision``."""
    config = alembic()

    def down(connection: Connection) -> None:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)

    database.write(down, longest_seconds=60)


def is_as_described(database: Database) -> None:
    differences = database.read(
        lambda connection: list(compare_metadata(MigrationContext.configure(connection), metadata))
    )
    assert differences == []
    assert database.read(revision_of) == HEAD


def rows_of_the_first_tables(database: Database) -> dict[str, list[Any]]:
    """What the first release knew of, row by row."""
    named = ("app_user", "school", "membership", "student", "receipt", "feed")
    columns = {
        name: [column for column in metadata.tables[name].columns if column.name in _OF_THE_FIRST[name]]
        for name in named
    }
    return {
        name: database.read(lambda connection: [tuple(row) for row in connection.execute(select(*chosen))])  # noqa: B023
        for name, chosen in columns.items()
    }


_OF_THE_FIRST = {
    "app_user": {"id", "name", "folded_name", "password_hash"},
    "school": {"id", "name"},
    "membership": {"user_id", "school_id", "role"},
    "student": {"id", "school_id", "version", "given_name", "family_name", "birth_date", "created_by"},
    "receipt": {"school_id", "op_id"},
    "feed": {"school_id", "position", "entity", "op_id"},
}


def test_r13_every_table_has_a_row_before_anything_is_migrated(filled: Database) -> None:
    empty = [
        table.name
        for table in metadata.sorted_tables
        if not filled.read(lambda connection, table=table: counted(connection, table))
    ]
    assert empty == []


def test_r13_from_each_earlier_revision_and_back_again_what_it_knew_of_is_kept(filled: Database) -> None:
    before = rows_of_the_first_tables(filled)
    assert all(before.values())
    for revision in REVISIONS[1:]:
        brought(filled, revision)
        assert filled.read(revision_of) == revision
        migrate(filled)
        is_as_described(filled)
        assert rows_of_the_first_tables(filled) == before, revision
    assert REVISIONS[-1] == FIRST


def test_r13_down_to_the_base_nothing_is_left_and_up_again_all_is_as_described(filled: Database) -> None:
    brought(filled, BASE)
    left = filled.read(lambda connection: inspect(connection).get_table_names())
    assert set(left) == _LEFT_AT_THE_BASE
    migrate(filled)
    is_as_described(filled)
    filled.write(fill)
