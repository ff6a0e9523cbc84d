"""What every status asks costs the same however much is settled and however many students there are (S24)."""

from pathlib import Path

from sqlalchemy import Connection

from rollbook.contract.feed import Change
from rollbook.store import listing, replica, versions
from rollbook.store.database import StoreDatabase, open_store
from rollbook.sync.status import table_status

_AT = "2026-01-01T00:00:00+00:00"


def test_s24_a_status_reads_no_more_with_much_that_is_settled(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store.sqlite3")
    _settle(store, range(200))
    few = _steps(store)
    _settle(store, range(200, 3_000))
    assert _steps(store) < few * 1.2
    with store.read() as connection:
        assert listing.count(connection, "student") == 3_000
    store.close()


def _settle(store: StoreDatabase, numbers: range) -> None:
    """Students whom the school has, each by an entry that is settled."""
    changes = [
        Change("student", f"record-{n:05}", 1, {"given_name": str(n)}, False, seal=str(n), op_id=f"op-{n}")
        for n in numbers
    ]
    entries = [(n, n, f"op-{n}", f"record-{n:05}", _AT, _AT) for n in numbers]
    with store.write() as connection:
        replica.apply_changes(connection, changes)
        versions.note(connection, changes, _AT)
        connection.exec_driver_sql(
            "INSERT INTO operation (sequence, position, op_id, entity_id, created_at, settled_at, kind, "
            "entity, changes, payload_version, state, action_id, created_by) "
            "VALUES (?, ?, ?, ?, ?, ?, 'create', 'student', '{}', 1, 'applied', 'an action', 'somebody')",
            entries,
        )


def _steps(store: StoreDatabase) -> int:
    """How many tens of SQLite's instructions a status takes."""
    passed = [0]

    def step() -> int:
        passed[0] += 1
        return 0

    with store.read() as connection:
        _driver(connection).set_progress_handler(step, 10)
        assert table_status(connection, reachable=True).counts == {}
        listing.count(connection, "student")
        _driver(connection).set_progress_handler(None, 10)
    return passed[0]


def _driver(connection: Connection):  # type: ignore[no-untyped-def]
    return connection.connection.driver_connection
