"""No byte of who was erased is left in what the database has freed (D3).

What a row leaves behind stays in the file until something else is written there. So the tables are written
anew, which takes the room of a second copy for a while, and keeps writers waiting.
"""

import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy import Connection, make_url, select, update

from rollbook.domain.checkpoints import passed
from rollbook.server.database import Database
from rollbook.server.settings import Settings
from rollbook.server.tables import (
    alias,
    erased,
    feed,
    file_chunk,
    given_back,
    history,
    job,
    proposal,
    receipt,
    record_tables,
    search_word,
)

log = structlog.get_logger("rollbook.server.erasure")
_BUSY_SECONDS = 30.0
_ATTEMPTS = 5
_HELD = (
    alias,
    feed,
    file_chunk,
    given_back,
    history,
    job,
    proposal,
    receipt,
    search_word,
    *record_tables.values(),
)
"""The tables of which an erasure removes something."""


def is_due(database: Database) -> bool:
    """Whether something was erased since the last time."""
    due = select(erased.c.record_id).where(erased.c.scrubbed == 0).limit(1)
    return database.read(lambda connection: connection.execute(due).first() is not None)


def scrub(database: Database, settings: Settings) -> bool:
    """Write the tables anew where something was erased; whether nothing is left to be done.

    Cut at any moment, or in the way of others, it is done whole the next time. Raises :class:`ProblemError`.
    """
    if not is_due(database):
        return True
    ids = database.read(_due)
    rewrite = _rewrite_postgresql if database.engine.dialect.name == "postgresql" else _rewrite_sqlite
    try:
        done = rewrite(settings)
    except (database.engine.dialect.loaded_dbapi.Error, OSError) as error:
        log.warning("erasure_not_scrubbed", error_type=type(error).__name__)
        return False
    passed("server.erasure.scrubbed")
    if done:
        database.write(partial(_done, ids=ids))
    return done


def _due(connection: Connection) -> list[tuple[str, str]]:
    query = select(erased.c.school_id, erased.c.record_id).where(erased.c.scrubbed == 0)
    return [(row.school_id, row.record_id) for row in connection.execute(query)]


def _done(connection: Connection, ids: list[tuple[str, str]]) -> None:
    for school_id, record_id in ids:
        one = (erased.c.school_id == school_id) & (erased.c.record_id == record_id)
        connection.execute(update(erased).where(one).values(scrubbed=1))


def _rewrite_sqlite(settings: Settings) -> bool:
    """The file, and then its log, which holds the pages as they were until nobody reads them any more."""
    file = make_url(settings.database).database
    if not file or file == ":memory:":
        return True
    with closing(sqlite3.connect(Path(file), timeout=_BUSY_SECONDS, isolation_level=None)) as connection:
        connection.execute("VACUUM")
        for _attempt in range(_ATTEMPTS):
            if connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0:
                return True
    return False


def _rewrite_postgresql(settings: Settings) -> bool:
    """Table by table: each is locked for as long as it takes. Its write-ahead log goes on by itself."""
    import psycopg
    from psycopg import sql

    url = make_url(settings.events_database or settings.database)  # not through a pooler
    arguments, named = url.get_dialect()().create_connect_args(url)
    with psycopg.connect(*arguments, **{**named, "connect_timeout": 5}, autocommit=True) as connection:
        for table in _HELD:
            connection.execute(sql.SQL("VACUUM (FULL, ANALYZE) {}").format(sql.Identifier(table.name)))
    return True
