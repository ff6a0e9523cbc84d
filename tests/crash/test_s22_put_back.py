"""A real server over a socket, backed up and put back: by a plain file copy, and on PostgreSQL (S22)."""

import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, create_engine, text

from support import postgres
from support.command_line import CommandLine
from support.server_process import ServerProcess

pytestmark = pytest.mark.timeout(600)  # many processes, one after the other
COUNT = 500


class Putting:
    """A server whose database can be copied and put back while it is stopped."""

    def __init__(self, server: ServerProcess, copy: Callable[[], None], put_back: Callable[[], None]) -> None:
        self.server = server
        self._copy = copy
        self._put_back = put_back

    def copy(self) -> None:
        """Take a backup; the server runs on."""
        self.server.stop()
        self._copy()
        self.server.start()

    def put_back(self, *, killed_at: str | None = None) -> None:
        """Put the backup back, and start the server."""
        if self.server.running:
            self.server.stop()
        self._put_back()
        self.server.start(killed_at=killed_at)

    def rows(self, query: str) -> list[Any]:
        """Rows by plain SQL."""
        engine = create_engine(self.server.database)
        try:
            with engine.connect() as connection:
                return [tuple(row) for row in connection.execute(text(query))]
        finally:
            engine.dispose()


@pytest.fixture
def by_file_copy(tmp_path: Path) -> Iterator[Putting]:
    """SQLite: the file is copied."""
    server = ServerProcess(tmp_path / "server")
    server.create_user()
    server.create_user("ada", "administrator")
    file, copy = server.folder / "school.sqlite3", tmp_path / "yesterday.sqlite3"

    def put_back() -> None:
        for rest in ("-wal", "-shm"):
            Path(f"{file}{rest}").unlink(missing_ok=True)
        shutil.copy(copy, file)

    with server:
        yield Putting(server, lambda: shutil.copy(file, copy) and None, put_back)


@pytest.fixture(scope="session")
def superuser() -> Iterator[URL]:
    """A superuser of a throw-away PostgreSQL."""
    with postgres.superuser_url() as url:
        yield url


@pytest.fixture
def by_pg_restore(tmp_path: Path, superuser: URL) -> Iterator[Putting]:
    """PostgreSQL: pg_dump, and pg_restore into an empty database."""
    name = f"rollbook_{uuid.uuid4().hex}"
    url = postgres.make_database(superuser, name)
    dump = tmp_path / "yesterday.dump"
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    server = ServerProcess(tmp_path / "server", url.render_as_string(hide_password=False))
    server.command("migrate")
    server.create_user()

    def copy() -> None:
        subprocess.run(
            [postgres.program_named("pg_dump"), "--format=custom", f"--file={dump}", plain],
            check=True,
            timeout=120,
        )

    def put_back() -> None:
        postgres.make_database(superuser, name)
        subprocess.run(
            [postgres.program_named("pg_restore"), "--no-owner", f"--dbname={plain}", str(dump)],
            check=True,
            timeout=120,
        )

    with server:
        yield Putting(server, copy, put_back)
    postgres.drop_database(superuser, name)


@pytest.fixture(params=["by_file_copy", pytest.param("by_pg_restore", marks=pytest.mark.postgres)])
def putting(request: pytest.FixtureRequest) -> Putting:
    """Each way in turn."""
    found: Putting = request.getfixturevalue(request.param)
    return found


def desk_of(putting: Putting, folder: Path) -> CommandLine:
    """A computer in sync with the school."""
    one = CommandLine(folder)
    one.connect(putting.server)
    assert one.run("sync").code == 0
    return one


def students_file(folder: Path, first: int, count: int, name: str) -> Path:
    """A file of students with numbers from ``first`` on."""
    file = folder / f"{name}.csv"
    lines = [f"{number:04},{name},Number {number}" for number in range(first, first + count)]
    file.write_text("\n".join(["student_number,given_name,family_name", *lines]), encoding="utf-8")
    return file


def each_once(putting: Putting, names: dict[str, int]) -> None:
    """So many students of each name, each at one version, with one receipt and one row in the feed."""
    found = putting.rows("SELECT given_name, count(*) FROM student GROUP BY given_name ORDER BY given_name")
    assert dict(found) == names
    total = sum(names.values())
    assert putting.rows("SELECT max(version) FROM student") == [(1,)]
    assert putting.rows("SELECT count(*), count(DISTINCT op_id) FROM receipt") == [(total, total)]
    assert putting.rows("SELECT count(*), count(DISTINCT entity_id) FROM feed WHERE entity = 'student'") == [
        (total, total)
    ]


def test_s22_500_acknowledged_come_back_once_with_new_writes_past_the_old_head(
    putting: Putting, tmp_path: Path
) -> None:
    desk, other = desk_of(putting, tmp_path / "desk"), desk_of(putting, tmp_path / "other")
    putting.copy()
    assert desk.run("import", str(students_file(tmp_path, 0, COUNT, "Lost"))).data["stored"] == COUNT
    assert desk.run("sync").data["up_to_date"] is True
    each_once(putting, {"Lost": COUNT})
    putting.put_back()
    assert putting.rows("SELECT count(*) FROM student") == [(0,)]
    other.run("import", str(students_file(tmp_path, 1000, COUNT + 50, "Younger")))
    assert other.run("sync").data["up_to_date"] is True
    said = desk.run("sync")
    assert (said.code, said.data["up_to_date"], said.data["giving_back"]) == (0, True, 0)
    each_once(putting, {"Lost": COUNT, "Younger": COUNT + 50})
    assert other.run("sync").data["up_to_date"] is True
    assert len(other.students()) == len(desk.students()) == 2 * COUNT + 50
    listed = putting.server.command("recovery", "list").stdout
    assert f"Given back: {COUNT}" in listed
    assert "Not taken yet: 0" in listed
    assert "Ended" in putting.server.command("recovery", "end").stdout
