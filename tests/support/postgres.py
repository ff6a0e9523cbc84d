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
    with own_cluster(durable=durable) as cluster:
        yield cluster.url


class Cluster:
    """A PostgreSQL of our own, that can be ended and started again on the same port and data."""

    def __init__(self, folder: Path, settings: str) -> None:
        self.port = free_port()
        self.log = folder / "log"
        self._data = str(folder / "data")
        self._options = f"{settings} -p {self.port} -c unix_socket_directories={folder}"
        if os.geteuid() == 0:
            shutil.chown(folder, _ACCOUNT)
        self._must("initdb", "-D", self._data, "-U", _ACCOUNT, "-A", "trust", "-E", "UTF8", "--no-sync")

    @property
    def url(self) -> URL:
        """The URL of its superuser."""
        return URL.create(
            "postgresql+psycopg", username=_ACCOUNT, host="127.0.0.1", port=self.port, database="postgres"
        )

    def start(self) -> None:
        """Start it; it answers when this returns."""
        self._must("pg_ctl", "start", "-D", self._data, "-w", "-o", self._options, "-l", str(self.log))

    def stop(self, mode: str = "fast") -> None:
        """End it: ``fast`` cuts every connection in good order, ``immediate`` is a crash."""
        _as_account("pg_ctl", "stop", "-D", self._data, "-m", mode, "-w")

    def restart(self, mode: str = "fast") -> None:
        """End it and start it again; it answers when this returns."""
        self._must("pg_ctl", "restart", "-D", self._data, "-m", mode, "-w", "-l", str(self.log))

    def _must(self, program: str, *arguments: str) -> None:
        done = _as_account(program, *arguments)
        assert done.returncode == 0, done.stderr


@contextmanager
def own_cluster(*, durable: bool = False) -> Iterator[Cluster]:
    """A running cluster of our own for the length of a block, whatever other is given."""
    folder = Path(tempfile.mkdtemp(prefix="rollbook-pg-"))
    cluster = Cluster(folder, _LIKE_A_SCHOOLS if durable else _QUICK)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop("immediate")
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


def _as_account(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program of PostgreSQL; as root it refuses, so then as its own account."""
    whole = [program_named(program), *arguments]
    if os.geteuid() == 0:
        whole = ["runuser", "-u", _ACCOUNT, "--", *whole]
    with tempfile.TemporaryFile("w+") as said:
        # Not pipes: the server that pg_ctl starts would keep them open.
        done = subprocess.run(whole, stdout=said, stderr=said, stdin=subprocess.DEVNULL, cwd="/", check=False)
        said.seek(0)
        return subprocess.CompletedProcess(whole, done.returncode, "", said.read())


def program_named(program: str) -> str:
    """The path of a program of PostgreSQL."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which(program) or next(
        (str(folder / program) for folder in folders if (folder / program).exists()), None
    )
    assert found, f"{program} of PostgreSQL is needed: install it, or name a server in {GIVEN}"
    return found
