"""A store whose tables lack something of this version gets it, after a copy of it was taken (S28)."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from rollbook.store.backups import KEPT, backups_of
from rollbook.store.database import open_store
from rollbook.store.tables import OPERATION


def _sql(file: Path, *statements: str) -> list[Any]:
    with closing(sqlite3.connect(file)) as connection:
        found = [connection.execute(statement).fetchall() for statement in statements]
        connection.commit()
    return found[-1]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with one entry and one student."""
    file = tmp_path / "store.sqlite3"
    open_store(file).close()
    _sql(
        file,
        "INSERT INTO operation(position, op_id, kind, entity, entity_id, changes, payload_version, state,"
        " action_id, created_at, created_by) "
        "VALUES (1, 'op', 'create', 'student', 's', '{}', 1, 'queued', 'a', 't', 'ada')",
        f"INSERT INTO student(id, version, base, search_text, phone) VALUES ('s', 3, '{_BASE}', 'hana', '1')",
    )
    return file


_BASE = json.dumps({"phone": "1"})


def _layout(file: Path) -> set[tuple[str, ...]]:
    """All tables with their columns, all indexes and triggers."""
    found: set[tuple[str, ...]] = set()
    for kind, name in _sql(file, "SELECT type, name FROM sqlite_master"):
        columns = _sql(file, f"SELECT name FROM pragma_table_info('{name}')") if kind == "table" else []
        found.add((kind, name, *sorted(column for (column,) in columns)))
    return found


def _without_late_things(file: Path) -> None:
    """As an earlier release would have written it: fewer columns, indexes, tables and triggers."""
    _sql(
        file,
        "DROP INDEX operation_carrier",
        "DROP INDEX student_by_phone",
        "ALTER TABLE operation DROP COLUMN held_by",
        "ALTER TABLE operation DROP COLUMN uncertain",
        "ALTER TABLE student DROP COLUMN phone",
        "DROP TABLE attempt",
        "DROP TRIGGER student_searched_changed",
    )


def test_s28_what_a_store_lacks_is_added_with_its_default(store: Path) -> None:
    whole = _layout(store)
    _without_late_things(store)
    assert _layout(store) != whole
    open_store(store).close()
    assert _layout(store) == whole
    assert _sql(store, "SELECT op_id, uncertain, held_by FROM operation") == [("op", 0, None)]
    assert _sql(store, "SELECT phone FROM student") == [("1",)], "what the school has is in the base"


def test_s28_a_missing_search_index_finds_the_students_that_are_there(store: Path) -> None:
    _sql(store, "DROP TABLE student_search")
    open_store(store).close()
    found = _sql(store, "SELECT rowid FROM student_search WHERE student_search MATCH 'han*'")
    assert found == [(1,)]


def test_s28_a_copy_is_taken_before_the_tables_are_changed(store: Path) -> None:
    _without_late_things(store)
    before = _layout(store)
    open_store(store).close()
    (copy,) = backups_of(store)
    assert _layout(copy) == before
    assert _sql(copy, "SELECT op_id FROM operation") == [("op",)]
    open_store(store).close()
    assert backups_of(store) == [copy], "nothing was changed, so nothing was copied"


def test_s28_a_new_store_needs_no_copy(store: Path) -> None:
    assert backups_of(store) == []


def test_s28_only_the_newest_copies_are_kept(store: Path) -> None:
    for number in range(KEPT + 2):
        _sql(store, f"UPDATE operation SET label='{number}'", "DROP INDEX operation_carrier")
        open_store(store).close()
    labels = [_sql(copy, "SELECT label FROM operation") for copy in backups_of(store)]
    assert labels == [[("2",)], [("3",)], [("4",)]]


def test_s28_every_later_column_can_be_added_to_rows_that_are_there() -> None:
    """A column that may not be empty and has no default could not be added to an old store."""
    first_release = {"sequence", "position", "op_id", "kind", "entity", "entity_id", "changes"}
    first_release |= {"payload_version", "state", "action_id", "created_at", "created_by"}
    bound = {column.name for column in OPERATION.columns if not column.nullable and not column.server_default}
    assert bound <= first_release
