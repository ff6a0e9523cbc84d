"""Wake-ups between workers on PostgreSQL: told at the commit, lost connections made anew (S19)."""

import json
import queue
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from sqlalchemy import URL, create_engine, event, text

from rollbook.contract.operations import FieldChange, Kind, Operation, operation_bytes, push_body
from rollbook.domain.clock import SystemClock
from rollbook.domain.ids import uuid7_source
from rollbook.server.app import create_app
from support import postgres
from support.school_server import SchoolServer, settings_for
from support.server_process import PASSWORD, ServerProcess

pytestmark = pytest.mark.postgres
# What is seen sooner than this was not found by looking for it.
NO_POLLING = {"ROLLBOOK_EVENTS_POLL_SECONDS": "300", "ROLLBOOK_EVENTS_POLL_TOLD_SECONDS": "300"}
NEW_ID = uuid7_source(SystemClock())


@pytest.fixture(scope="module")
def database(superuser: URL, postgres_template: str) -> Iterator[str]:
    """A migrated database on PostgreSQL."""
    name = f"rollbook_{uuid.uuid4().hex}"
    url = postgres.make_database(superuser, name, postgres_template)
    yield url.render_as_string(hide_password=False)
    postgres.drop_database(superuser, name)


class Listener:
    """Someone signed in at one worker, whose stream is read by a thread."""

    def __init__(self, server: ServerProcess, name: str) -> None:
        self.events: queue.Queue[float] = queue.Queue()
        self._reading: threading.Thread | None = None
        self.client = httpx.Client(base_url=server.url, timeout=60)
        body = {"name": name, "password": PASSWORD, "device": NEW_ID()}
        session = self.client.post("/api/v1/auth/sign-in", json=body).raise_for_status().json()
        self.client.headers["Authorization"] = f"Bearer {session['access_token']}"

    def listen(self) -> None:
        """Begin; returns once the first wake-up, which comes at once, is there."""
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()
        self.events.get(timeout=60)

    def close(self) -> None:
        """Hang up; the worker has been ended, so the stream has too."""
        if self._reading is not None:
            self._reading.join(timeout=30)
        self.client.close()

    def _read(self) -> None:
        try:
            with self.client.stream("GET", "/api/v1/sync/events") as answer:
                for line in answer.iter_lines():
                    if line.startswith("data:"):
                        self.events.put(time.monotonic())
        except httpx.HTTPError:
            return  # the worker was ended

    def add_student(self) -> None:
        """An edit, through this worker."""
        changes = {"given_name": FieldChange(None, "Eleni")}
        operation = Operation(NEW_ID(), Kind.CREATE, "student", NEW_ID(), changes, sequence=1)
        content = push_body([operation_bytes(operation)])
        answer = self.client.post(
            "/api/v1/sync/push", content=content, headers={"Content-Type": "application/json"}
        )
        assert json.loads(answer.content)["results"][0]["outcome"] == "applied"


@pytest.fixture
def signed_in(database: str, tmp_path: Path) -> Iterator[tuple[Listener, Listener]]:
    """The same person at two processes of one school; the second listens."""
    servers = [ServerProcess(tmp_path / name, database, env=NO_POLLING) for name in ("one", "other")]
    servers[0].create_user(tmp_path.name, school=f"School {tmp_path}")
    with servers[0], servers[1]:
        one, other = (Listener(server, tmp_path.name) for server in servers)
        other.listen()
        yield one, other
    one.close()
    other.close()


def test_s19_an_edit_through_one_worker_is_told_through_another(
    signed_in: tuple[Listener, Listener],
) -> None:
    one, other = signed_in
    for _ in range(5):
        began = time.monotonic()
        one.add_student()
        assert other.events.get(timeout=60) - began < 5  # tens of milliseconds; more only where all is busy


def test_s19_a_lost_listening_connection_is_made_anew(
    signed_in: tuple[Listener, Listener], database: str
) -> None:
    one, other = signed_in
    engine = create_engine(database, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        listening = text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'rollbook-notices' AND datname = current_database()"
        )
        assert len(connection.execute(listening).all()) == 2
    engine.dispose()
    other.events.get(timeout=60)  # what may have been missed is told as soon as it listens again
    one.add_student()
    other.events.get(timeout=60)


def test_s19_an_edit_is_not_told_before_it_can_be_seen(
    signed_in: tuple[Listener, Listener],
) -> None:
    one, other = signed_in
    for number in range(1, 6):
        one.add_student()
        other.events.get(timeout=60)
        page: dict[str, Any] = other.client.get("/api/v1/sync/changes").json()
        assert sum(change["entity"] == "student" for change in page["changes"]) == number


def test_s19_behind_a_pooler_one_listens_directly(database: str, tmp_path: Path) -> None:
    """Through a pooler of single transactions nothing can be listened for, and nothing is prepared."""
    pooled = database + ("&" if "?" in database else "?") + "application_name=through-the-pooler"
    app = create_app(settings_for(pooled, tmp_path, events_database=database))
    parts = app.state.parts
    assert parts.notices._database == database
    with parts.database.engine.connect().execution_options(
        rollbook_seconds_left=10.0, rollbook_writes=False
    ) as connection:
        assert connection.connection.driver_connection.prepare_threshold is None
    parts.database.close()


def test_s19_no_transaction_holds_a_notice(database: str, tmp_path: Path) -> None:
    """Of those that do, PostgreSQL commits one at a time, whosever they are."""
    school = SchoolServer(database, tmp_path)
    engine, said = school.parts.database.engine, list[str]()
    event.listen(engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    with psycopg.connect(engine.url.set(drivername="postgresql").render_as_string(False)) as listening:
        listening.autocommit = True
        listening.execute("LISTEN rollbook_feed")
        school.desk().student()
        [told] = listening.notifies(timeout=10, stop_after=1)
    school.close()
    assert told.payload == f"{school.parts.database.sender} {school.school_id}"
    assert any("school_feed" in statement for statement in said)
    assert not any("notify" in statement.lower() for statement in said)
