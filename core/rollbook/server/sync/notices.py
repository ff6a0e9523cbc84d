"""Commits of other workers, told by PostgreSQL (S19): sent right after the commit."""

import threading
from collections.abc import Callable
from typing import Any

import structlog
from sqlalchemy import Connection, make_url

log = structlog.get_logger("rollbook.server.notices")

CHANNEL = "rollbook_feed"
_MORE = "rollbook_more"
_LOOK_AROUND_SECONDS = 0.5
_QUIET_SECONDS = 30.0
_KEPT_ALIVE = {"keepalives": 1, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
_AGAIN_SECONDS = (0.2, 1.0, 5.0)
Hear = Callable[[str | None], None]
"""Called, from a thread, with the school that has more; ``None``: any may have, some may have been missed."""


def note_more(connection: Connection, school_id: str) -> None:
    """The transaction makes something new for the school, to be told once it has committed."""
    connection.info.setdefault(_MORE, set()).add(school_id)


def forget_noted(connection: Connection) -> None:
    """A transaction begins: what an earlier one that failed had noted is not told."""
    connection.info.pop(_MORE, None)


def tell_noted(connection: Connection, sender: str) -> None:
    """Tell the other workers what the transaction noted that has just committed; ``sender`` is this worker.

    Not inside it: of all transactions with a notice PostgreSQL lets one commit at a time, so that the schools
    of a district would wait for each other's disk. What is not told, the others find by looking.
    """
    schools = connection.info.pop(_MORE, None)
    if not schools or connection.dialect.name != "postgresql":
        return
    told = [f"{sender} {school_id}" for school_id in schools]
    try:
        _tell(connection.connection.driver_connection, told)
    except connection.dialect.loaded_dbapi.Error as error:
        log.warning("notice_not_told", error_type=type(error).__name__)


def _tell(driver: Any, told: list[str]) -> None:
    driver.autocommit = True
    try:
        driver.execute("SELECT pg_notify(%s, told) FROM unnest(%s::text[]) AS told", (CHANNEL, told))
    finally:
        driver.autocommit = False


class Notices:
    """Listens on a connection of its own, outside the pool, and connects again whenever it is lost."""

    def __init__(self, database: str, sender: str, hear: Hear) -> None:
        self._database = database
        self._sender = sender
        self._hear = hear
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self.listening = False

    def start(self) -> None:
        """Begin to listen. On SQLite nothing is told between processes, and this does nothing."""
        if make_url(self._database).get_backend_name() == "postgresql":
            self._thread = threading.Thread(target=self._run, name="notices", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(timeout=2 * _LOOK_AROUND_SECONDS)

    def _run(self) -> None:
        import psycopg

        failures = 0
        while not self._ended.is_set():
            try:
                with self._connected() as connection:
                    failures = 0
                    self._listen(connection)
            except (psycopg.Error, OSError) as error:
                log.warning("notices_lost", error_type=type(error).__name__)
            finally:
                self.listening = False
            self._ended.wait(_AGAIN_SECONDS[min(failures, len(_AGAIN_SECONDS) - 1)])
            failures += 1

    def _connected(self) -> Any:
        import psycopg

        url = make_url(self._database)
        arguments, named = url.get_dialect()().create_connect_args(url)
        ours = {"application_name": "rollbook-notices", "connect_timeout": 5}
        return psycopg.connect(*arguments, **{**named, **ours, **_KEPT_ALIVE}, autocommit=True)

    def _listen(self, connection: Any) -> None:
        connection.execute(f"LISTEN {CHANNEL}")
        self.listening = True
        self._hear(None)  # whatever was told while nobody listened
        quiet = 0.0
        while not self._ended.is_set():
            heard = False
            for notice in connection.notifies(timeout=_LOOK_AROUND_SECONDS, stop_after=1):
                heard = True
                sender, _, school_id = notice.payload.partition(" ")
                if sender != self._sender:
                    self._hear(school_id)
            quiet = 0.0 if heard else quiet + _LOOK_AROUND_SECONDS
            if quiet >= _QUIET_SECONDS:
                connection.execute("SELECT 1")  # a connection that died in silence is noticed
                quiet = 0.0
