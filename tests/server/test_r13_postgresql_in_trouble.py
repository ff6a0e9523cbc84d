"""Real trouble of a real PostgreSQL: deadlock, connections that it ends, a restart under the server (R13)."""

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, Connection, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from rollbook.contract.operations import operation_bytes, push_body
from rollbook.domain.clock import SystemClock
from rollbook.server.database import Database
from rollbook.server.migrating import migrate
from support import postgres
from support.school_server import SchoolServer, settings_for

pytestmark = pytest.mark.postgres
SIDES = 2


@pytest.fixture(scope="module")
def database(superuser: URL, postgres_template: str) -> Iterator[str]:
    """A migrated database on PostgreSQL."""
    name = f"rollbook_{uuid.uuid4().hex}"
    url = postgres.make_database(superuser, name, postgres_template)
    yield url.render_as_string(hide_password=False)
    postgres.drop_database(superuser, name)


@pytest.fixture(scope="module")
def cluster() -> Iterator[postgres.Cluster]:
    """A PostgreSQL that only this module uses."""
    with postgres.own_cluster(durable=True) as own:
        yield own


@pytest.fixture
def restartable(cluster: postgres.Cluster, tmp_path: Path) -> Iterator[SchoolServer]:
    """A school on it."""
    name = f"rollbook_{uuid.uuid4().hex}"
    place = postgres.make_database(cluster.url, name).render_as_string(hide_password=False)
    database = Database(settings_for(place, tmp_path), SystemClock())
    migrate(database)
    database.close()
    server = SchoolServer(place, tmp_path)
    yield server
    server.close()


def test_r13_of_two_that_lock_in_opposite_order_the_victim_is_run_again_fresh(school: SchoolServer) -> None:
    other = SchoolServer(school.settings.database, Path(school.settings.log_dir))
    ids = (school.school_id, other.school_id)
    both_hold_one, transactions, states = threading.Barrier(SIDES), [], []
    event.listen(
        school.parts.database.engine,
        "handle_error",
        lambda context: states.append(context.original_exception.sqlstate),
    )
    move = text("UPDATE school_feed SET head = head + 1 WHERE school_id = :id")

    def write(first: str, second: str) -> None:
        met: list[bool] = []

        def work(connection: Connection) -> None:
            transactions.append(connection.execute(text("SELECT txid_current()")).scalar())
            connection.execute(move, {"id": first})
            if not met:
                met.append(True)
                both_hold_one.wait(30)
            connection.execute(move, {"id": second})

        school.parts.database.write(work)

    with ThreadPoolExecutor(SIDES) as threads:
        ways = [threads.submit(write, *ids), threads.submit(write, *reversed(ids))]
        for way in ways:
            way.result(60)
    assert states == ["40P01"]
    assert len(set(transactions)) == len(transactions) == SIDES + 1
    for server in (school, other):
        assert server.rows("SELECT head FROM school_feed WHERE school_id = :school") == [(1 + SIDES,)]
    other.close()


def test_r13_a_real_serialization_failure_of_a_write_is_run_again_on_another_transaction(
    school: SchoolServer,
) -> None:
    """Two that read the same and write beside each other: only SERIALIZABLE sees it, and at the commit."""
    runs, states = [], []
    event.listen(
        school.parts.database.engine,
        "handle_error",
        lambda context: states.append(context.original_exception.sqlstate),
    )

    def work(connection: Connection) -> None:
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"))
        runs.append(connection.execute(text("SELECT txid_current()")).scalar())
        connection.execute(text("SELECT sum(head) FROM school_feed")).all()
        connection.execute(text("UPDATE school SET language = 'el' WHERE id = :id"), {"id": school.school_id})
        if len(runs) == 1:
            _write_beside(school)

    school.parts.database.write(work)
    assert len(set(runs)) == len(runs) == 2
    assert states == ["40001"]
    assert school.rows("SELECT language FROM school WHERE id = :school") == [("el",)]


def _write_beside(school: SchoolServer) -> None:
    engine = create_engine(school.settings.database, isolation_level="SERIALIZABLE")
    with engine.begin() as connection:
        connection.execute(text("SELECT count(language) FROM school")).all()
        connection.execute(
            text("UPDATE school_feed SET head = head + 0 WHERE school_id = :id"), {"id": school.school_id}
        )
    engine.dispose()


def test_r13_a_connection_ended_in_the_middle_of_a_write_is_503_and_nothing_is_half_done(
    school: SchoolServer,
) -> None:
    desk: Any = school.desk()
    ended: list[int] = []
    content = push_body([operation_bytes(desk.create(given_name="Eleni"))])

    def after(connection: Connection, _cursor: Any, statement: str, *_others: Any) -> None:
        if 'INSERT INTO "student"' in statement and not ended:
            pid = connection.connection.driver_connection.info.backend_pid  # type: ignore[union-attr]
            ended.append(pid)
            _run(school, f"SELECT pg_terminate_backend({pid}, 10000)")

    event.listen(school.parts.database.engine, "after_cursor_execute", after)
    answer = desk.call("POST", "/api/v1/sync/push", content=content)
    assert len(ended) == 1
    assert (answer.status_code, answer.json()["error"]) == (503, "database-unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert _counts(school) == (0, 0)
    again = desk.call("POST", "/api/v1/sync/push", content=content)
    assert [result["outcome"] for result in again.json()["results"]] == ["applied"]
    assert _counts(school) == (1, 1)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_r13_after_a_restart_between_requests_no_request_notices(
    restartable: SchoolServer, cluster: postgres.Cluster, mode: str
) -> None:
    engine, desk = restartable.parts.database.engine, restartable.desk()
    with ExitStack() as held:  # several connections, so that the pool has as many that are dead afterwards
        before = {_backend(held.enter_context(engine.connect())) for _ in range(4)}
    cluster.restart(mode)
    for _ in range(6):
        assert [result.outcome for result in desk.push(desk.create(given_name="Eleni"))] == ["applied"]
    with engine.connect() as connection:
        assert _backend(connection) not in before
    assert _counts(restartable) == (6, 6)


def test_r13_while_the_database_is_down_it_is_503_and_afterwards_all_is_well(
    restartable: SchoolServer, cluster: postgres.Cluster
) -> None:
    desk = restartable.desk()
    operation = desk.create(given_name="Eleni")
    cluster.stop("immediate")
    try:
        answer = desk.call("POST", "/api/v1/sync/push", content=push_body([operation_bytes(operation)]))
    finally:
        cluster.start()
    assert (answer.status_code, answer.json()["error"]) == (503, "database-unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert [result.outcome for result in desk.push(operation)] == ["applied"]


def test_r13_that_pre_ping_is_needed_shows_a_pool_without_it(
    restartable: SchoolServer, cluster: postgres.Cluster
) -> None:
    engine = create_engine(restartable.settings.database)
    with engine.connect():
        pass
    cluster.restart()
    with engine.connect() as connection, pytest.raises(DBAPIError):
        connection.execute(text("SELECT 1"))
    engine.dispose()


def _backend(connection: Connection) -> int:
    driver = connection.connection.driver_connection
    assert driver is not None
    number: int = driver.info.backend_pid
    return number


def _counts(school: SchoolServer) -> tuple[int, int]:
    [students] = school.rows("SELECT count(*) FROM student WHERE school_id = :school")
    [receipts] = school.rows("SELECT count(*) FROM receipt WHERE school_id = :school")
    return students[0], receipts[0]


def _run(school: SchoolServer, statement: str) -> None:
    engine = create_engine(school.settings.database, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
