"""Real faults of a database under the application, put in at its border: engine, pool, the other side."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url, text

from rollbook.server.request_context import current
from support import postgres

_SLOW = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(60)",
}
_OUR_OWN = ("BEGIN", "SET LOCAL", "PRAGMA")
_ABOUT_IDENTITY = ("app_user", "membership", "WHERE refresh_token.family")
Replace = Callable[[str], str]


@contextmanager
def gone(engine: Engine) -> Iterator[None]:
    """Nobody can connect: the file's folder is away, the server takes no connections to it."""
    engine.dispose()
    if engine.dialect.name == "sqlite":
        folder = Path(str(engine.url.database)).parent
        away = folder.rename(folder.with_name("away"))
        try:
            yield
        finally:
            away.rename(folder)
        return
    with _as_superuser(engine) as run:
        run(f'ALTER DATABASE "{engine.url.database}" ALLOW_CONNECTIONS false')
        run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{engine.url.database}'")
        try:
            yield
        finally:
            run(f'ALTER DATABASE "{engine.url.database}" ALLOW_CONNECTIONS true')


@contextmanager
def locked(engine: Engine) -> Iterator[None]:
    """Another program holds everything, against reading too."""
    engine.dispose()
    other = create_engine(engine.url)
    with other.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA locking_mode=EXCLUSIVE")
            connection.exec_driver_sql("BEGIN EXCLUSIVE")
        else:
            tables = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
            names = ", ".join(f'"{row.tablename}"' for row in tables)
            connection.execute(text(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE"))
        yield
        connection.rollback()
    other.dispose()


@contextmanager
def exhausted(engine: Engine) -> Iterator[None]:
    """Others hold every connection of the pool."""
    with ExitStack() as held:
        for _ in range(engine.pool.size() + engine.pool._max_overflow):  # type: ignore[attr-defined]
            held.enter_context(engine.connect())
        yield


def slow(engine: Engine) -> Any:
    """Each statement takes for ever."""
    return _replaced(engine, lambda _statement: _SLOW[engine.dialect.name])


def wrong_sql(engine: Engine, planted: str) -> Any:
    """Each statement is refused by the database, whose words repeat what was in it."""
    return _replaced(engine, lambda _statement: f"SELECT no_column FROM no_table WHERE name = '{planted}'")


@contextmanager
def defective(engine: Engine, planted: str) -> Iterator[None]:
    """What is asked once it is known who asks ends in an exception that nobody foresaw."""

    def raise_(statement: str) -> str:
        if not current().user_id and any(name in statement for name in _ABOUT_IDENTITY):
            return statement
        raise KeyError(planted)

    with _replaced(engine, raise_):
        yield


@contextmanager
def _replaced(engine: Engine, replace: Replace) -> Iterator[None]:
    def before(
        _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
    ) -> tuple[str, Any]:
        if statement.startswith(_OUR_OWN):
            return statement, parameters
        made = replace(statement)
        return made, (parameters if made == statement else ())

    event.listen(engine, "before_cursor_execute", before, retval=True)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", before)


@contextmanager
def _as_superuser(engine: Engine) -> Iterator[Callable[[str], None]]:
    elsewhere = make_url(engine.url).set(database="postgres")
    yield lambda statement: postgres.run_sql(elsewhere, statement)


@contextmanager
def held_for_writing(engine: Engine, school_id: str) -> Iterator[None]:
    """Another program writes to the school."""
    other = create_engine(engine.url)
    with other.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            held = text("SELECT 1 FROM school_feed WHERE school_id = :school FOR UPDATE")
            connection.execute(held, {"school": school_id})
        yield
        connection.rollback()
    other.dispose()
