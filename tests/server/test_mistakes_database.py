"""The guide's mistakes with its database (R2, R3, R10, R13, R15): ours passes each test."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, event, insert, select, text, update
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.responses import Response

from rollbook.domain.clock import SystemClock
from rollbook.domain.roles import Role
from rollbook.resilience.deadline import current_deadline
from rollbook.server import tables
from rollbook.server.dashboard.counts import count_of_students
from rollbook.server.database import Database, DatabaseError
from rollbook.server.database_errors import Trouble, trouble_of
from rollbook.server.settings import Settings
from rollbook.server.wire import json_response
from support import broken_database
from support.every_endpoint import every_endpoint
from support.mistakes import fails_with
from support.school_server import Desk, SchoolServer, settings_for

MOST_PER_PROCESS = 25  # of a PostgreSQL's 100, with four workers
DUPLICATE = "a-school-that-is-there"


@pytest.fixture
def hurried(database: str, tmp_path: Path) -> Iterator[Database]:
    """One with short limits, in which nothing need be done in time."""
    limits = {"statement_timeout_seconds": 0.2, "pool_timeout_seconds": 0.02}
    made = Database(settings_for(database, tmp_path, pool_size=1, pool_overflow=0, **limits), SystemClock())
    yield made
    made.close()


def test_r13_a_process_takes_few_connections_and_each_wait_ends(school: SchoolServer) -> None:
    """The guide's 60 for each process use up a server with two workers; nothing in it has a time limit."""
    settings, pool = Settings(), school.parts.database.engine.pool
    assert settings.pool_size + settings.pool_overflow <= MOST_PER_PROCESS
    assert (pool.size(), pool._max_overflow) == (settings.pool_size, settings.pool_overflow)  # type: ignore[attr-defined]
    assert 0 < pool._timeout == settings.pool_timeout_seconds < 30  # type: ignore[attr-defined]
    assert pool._recycle == settings.pool_recycle_seconds > 0
    if school.parts.database.engine.dialect.name == "postgresql":
        [(limit,)] = school.rows("SHOW statement_timeout")
        assert limit == f"{settings.statement_timeout_seconds:.0f}s"
        assert pool._pre_ping
    else:
        [(limit,)] = school.rows("PRAGMA busy_timeout")
        assert limit == settings.busy_timeout_seconds * 1000


def test_r13_what_is_said_on_connecting_is_said_in_the_databases_own_words(school: SchoolServer) -> None:
    """The guide sets MySQL's sql_mode, which neither of the databases that a school runs understands."""
    school.parts.database.engine.dispose()
    assert school.rows("SELECT 1") == [(1,)]
    engine = create_engine(school.settings.database)

    @event.listens_for(engine, "connect")
    def receive_connect(dbapi_conn: Any, _connection_record: Any) -> None:
        dbapi_conn.execute('SET SESSION sql_mode="STRICT_TRANS_TABLES"')

    with pytest.raises((SQLAlchemyError, Exception), match=r"sql_mode|SET"):
        engine.connect()
    engine.dispose()


def test_r13_the_time_limit_of_a_statement_is_really_there(hurried: Database) -> None:
    """The guide sets an attribute that means nothing to a connection; no caller's deadline helps here."""
    assert current_deadline.get() is None
    with broken_database.slow(hurried.engine), pytest.raises(DatabaseError) as caught:
        hurried.read(lambda connection: connection.execute(text("SELECT 1")).scalar())
    assert caught.value.trouble is Trouble.OUT_OF_TIME


def test_r13_a_used_up_pool_is_known_by_its_class_and_not_by_its_words(hurried: Database) -> None:
    """What the guide quotes, “QueuePool limit exceeded with overflow”, is nothing that SQLAlchemy says."""
    engine = hurried.engine
    with broken_database.exhausted(engine), pytest.raises(PoolTimeoutError) as caught:
        engine.connect()
    assert "exceeded" not in str(caught.value)
    assert trouble_of(caught.value) is Trouble.EXHAUSTED
    assert trouble_of(PoolTimeoutError("in whatever words")) is Trouble.EXHAUSTED


def check_no_loop_is_held_up(school: SchoolServer, desk: Desk) -> None:
    """No statement is run in the thread of the loop: its call blocks, and would hold up every request."""
    in_the_loop: list[str] = []

    def before(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        with suppress(RuntimeError):
            asyncio.get_running_loop()
            in_the_loop.append(statement)

    school.parts.wakeups.close()  # a stream of events ends at once
    event.listen(school.parts.database.engine, "before_cursor_execute", before)
    for endpoint in every_endpoint(school.app):
        answer = desk.call(endpoint.method, endpoint.url({}), json=endpoint.body())
        assert answer.status_code < 500, endpoint.name
        assert in_the_loop == [], endpoint.name


def test_r13_no_statement_holds_up_the_loop(school: SchoolServer) -> None:
    desk = school.desk(Role.ADMINISTRATOR)
    check_no_loop_is_held_up(school, desk)

    async def mistaken() -> Response:
        """What the guide shows: `async with` on a session that blocks."""
        return json_response(school.rows("SELECT 1")[0][0])

    school.app.openapi_schema = None
    school.app.add_api_route("/mistaken", mistaken)
    fails_with(check_no_loop_is_held_up, school, desk)


def test_r3_a_transaction_that_broke_is_tried_again_on_a_fresh_one(school: SchoolServer) -> None:
    """A real collision with another writer: on the same transaction, the guide's way, it only fails again."""
    values = {"language": "el"}
    mine = update(tables.school).where(tables.school.c.id == school.school_id).values(values)
    broke_again: list[bool] = []

    def work(connection: Connection) -> str:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        connection.execute(select(tables.school.c.language)).all()
        if not broke_again:
            school.write(lambda other: other.execute(mine))
        try:
            connection.execute(mine)
        except DBAPIError:
            with pytest.raises(DBAPIError):
                connection.execute(mine)
            broke_again.append(True)
            raise
        return "done"

    assert school.parts.database.read(work) == "done"
    assert broke_again == [True]


def _broken_source(connection: Connection) -> Any:
    return connection.execute(text("SELECT no_column FROM no_table")).scalar()


def test_r10_a_failed_transaction_poisons_no_later_part(school: SchoolServer) -> None:
    school.desk().student()
    counting = partial(count_of_students, school_id=school.school_id)
    told = school.parts.teller.tell({"first": _broken_source, "later": counting})
    assert (told["first"].status, told["first"].reason) == ("unavailable", "internal-error")
    assert (told["later"].status, told["later"].data) == ("ok", {"count": 1})
    if school.parts.database.engine.dialect.name == "postgresql":  # the guide's one session for all of it
        with school.parts.database.engine.connect().execution_options(rollbook_seconds_left=5.0) as one:
            for source in (_broken_source, counting):
                with pytest.raises(DBAPIError):
                    source(one)


def test_r15_a_value_that_is_taken_is_no_outage(school: SchoolServer) -> None:
    """An integrity error is a DatabaseError too: the guide answers it with “try again later”."""
    row = {"id": school.school_id, "name": DUPLICATE}
    path = "/integrity"
    school.app.add_api_route(
        path, lambda: school.write(lambda connection: connection.execute(insert(tables.school).values(row)))
    )
    answer = school.client.get(path)
    assert (answer.status_code, answer.json()["error"]) == (409, "value-taken")
    assert "Retry-After" not in answer.headers
    assert DUPLICATE not in answer.text


@pytest.mark.parametrize("trouble", list(Trouble))
def test_r15_whoever_is_told_to_come_back_is_told_when(school: SchoolServer, trouble: Trouble) -> None:
    def fail() -> None:
        raise DatabaseError(trouble, {})

    school.app.add_api_route(f"/in-trouble/{trouble}", fail)
    answer = school.client.get(f"/in-trouble/{trouble}")
    assert ("Retry-After" in answer.headers) is (answer.status_code == 503)


def test_r2_a_write_that_was_told_to_be_too_late_is_not_done_afterwards(
    database: str, tmp_path: Path
) -> None:
    """The guide stops waiting and lets the thread go on: the answer is 504, and the write is there."""
    school = SchoolServer(database, tmp_path, write_attempts=1)
    desk = school.desk()
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with _lock_of(school.parts.database, school.school_id):
            held.set()
            release.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(20)
    body = {"values": {"given_name": "Eleni"}}
    headers = {"Idempotency-Key": "the-one-key", "X-Rollbook-Deadline-Ms": "300"}
    late = desk.call("POST", "/api/v1/students", headers, json=body)
    release.set()
    holder.join()
    assert (late.status_code, late.json()["error"]) in [(504, "deadline-exceeded"), (503, "database-busy")]
    with _lock_of(school.parts.database, school.school_id):  # behind whoever waited for it
        assert school.rows("SELECT count(*) FROM student WHERE school_id = :school") == [(0,)]
    again = desk.call("POST", "/api/v1/students", {"Idempotency-Key": "the-one-key"}, json=body)
    assert again.status_code == 201
    assert school.rows("SELECT count(*) FROM student WHERE school_id = :school") == [(1,)]
    school.close()


def _lock_of(database: Database, school_id: str) -> Any:
    return broken_database.held_for_writing(database.engine, school_id)
