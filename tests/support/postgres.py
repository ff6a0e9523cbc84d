"""A throw-away PostgreSQL: one that is given by ROLLBOOK_TEST_POSTGRES_URL, or a cluster of our own."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, create_engine, make_url, text

from support.server_process import free_port

GIVEN = "ROLLBOOK_TEST_POSTGRES_URL"
_ACCOUNT = "postgres"
# Nothing in it outlives the tests, so it need not survive a power cut.
_LIKE_A_SCHOOLS = "-c max_connections=200 -c listen_addresses=127.0.0.1"
_QUICK = f"-c fsync=off -c full_page_writes=off {_LIKE_A_SCHOOLS}"


@contextmanager
def superuser_url(*, durable: bool = False) -> Iterator[URL]:
    """The URL of a superuser in a throw-away cluster, which ends with the block if it is our own.

    ``durable``: its commits reach the disk, for what is measured.
    """
    given = os.environ.get(GIVEN)
    if given:
        yield make_url(given)
        return
    folder = Path(tempfile.mkdtemp(prefix="rollbook-pg-"))
    port = free_port()
    try:
        _start(folder, port, _LIKE_A_SCHOOLS if durable else _QUICK)
        yield URL.create(
            "postgresql+psycopg", username=_ACCOUNT, host="127.0.0.1", port=port, database="postgres"
        )
    finally:
        _as_account("pg_ctl", "stop", "-D", str(folder / "data"), "-m", "immediate", "-w")
        shutil.rmtree(folder, ignore_errors=True)


def make_database(superuser: URL, name: str, template: str | None = None) -> URL:
    """A database of that name, a copy of ``template`` where one is named. Nobody may be connected to it."""
    run_sql(superuser, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    run_sql(superuser, f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else ""))
    return superuser.set(database=name)


def drop_database(superuser: URL, name: str) -> None:
    """Remove a database, and whoever is still connected to it."""
    run_sql(superuser, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def run_sql(superuser: URL, statement: str) -> None:
    """Run one statement outside any transaction."""
    engine = create_engine(superuser, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()


def _start(folder: Path, port: int, settings: str) -> None:
    if os.geteuid() == 0:
        shutil.chown(folder, _ACCOUNT)
    data = str(folder / "data")
    made = _as_account("initdb", "-D", data, "-U", _ACCOUNT, "-A", "trust", "-E", "UTF8", "--no-sync")
    assert made.returncode == 0, made.stderr
    options = f"{settings} -p {port} -c unix_socket_directories={folder}"
    started = _as_account("pg_ctl", "start", "-D", data, "-w", "-o", options, "-l", str(folder / "log"))
    assert started.returncode == 0, started.stderr


def _as_account(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program of PostgreSQL; as root it refuses, so then as its own account."""
    whole = [_found(program), *arguments]
    if os.geteuid() == 0:
        whole = ["runuser", "-u", _ACCOUNT, "--", *whole]
    with tempfile.TemporaryFile("w+") as said:
        # Not pipes: the server that pg_ctl starts would keep them open.
        done = subprocess.run(whole, stdout=said, stderr=said, stdin=subprocess.DEVNULL, cwd="/", check=False)
        said.seek(0)
        return subprocess.CompletedProcess(whole, done.returncode, "", said.read())


def _found(program: str) -> str:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which(program) or next(
        (str(folder / program) for folder in folders if (folder / program).exists()), None
    )
    assert found, f"{program} of PostgreSQL is needed: install it, or name a server in {GIVEN}"
    return found
