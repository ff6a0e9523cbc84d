"""`rollbook-server backup` and `restore` with the real databases and their real programs (R13, S22)."""

import os
import shutil
import signal
import sqlite3
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import URL, create_engine, make_url, text

from support import postgres
from support.server_process import CHEAP_HASHES, PASSWORD, ServerProcess
from support.small_disk import small_disk
from support.warm_process import WarmProcess

TESTS = Path(__file__).resolve().parent.parent
ASIDE = "before_restore_%"


@dataclass
class Place:
    """A database, and the commands on it, each a process of its own."""

    database: str
    folder: Path
    superuser: URL | None
    env: dict[str, str] = field(default_factory=dict)

    def run(
        self, *arguments: str, stdin: str = "", killed_at: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        program = ["rollbook.server"]
        if killed_at is not None:
            program = ["support.killed_at", killed_at, "rollbook-server"]
        env = {
            **os.environ,
            **CHEAP_HASHES,
            "PYTHONPATH": str(TESTS),
            "ROLLBOOK_DATABASE": self.database,
            "ROLLBOOK_LOG_DIR": str(self.folder / "logs"),
            **self.env,
        }
        process = WarmProcess([*program, *arguments], env)
        out, err = process.communicate(stdin, timeout=100)
        return subprocess.CompletedProcess(arguments, process.wait(), out, err)

    def done(self, *arguments: str, stdin: str = "") -> str:
        ran = self.run(*arguments, stdin=stdin)
        assert ran.returncode == 0, ran.stderr
        return ran.stderr

    def refused(self, *arguments: str) -> str:
        ran = self.run(*arguments)
        assert (ran.returncode, "Traceback" in ran.stderr) == (1, False), ran.stderr
        return ran.stderr

    def user(self, name: str) -> None:
        self.done("create-user", name, "--role", "registrar", "--password-stdin", stdin=PASSWORD + "\n")

    def users(self) -> list[str]:
        return [row[0] for row in self.rows("SELECT name FROM app_user ORDER BY name")]

    def rows(self, query: str) -> list[Any]:
        engine = create_engine(self.database)
        try:
            with engine.begin() as connection:
                result = connection.execute(text(query))
                return [tuple(row) for row in result] if result.returns_rows else []
        finally:
            engine.dispose()

    def emptied(self) -> None:
        """The disk was lost, or the database was dropped."""
        if self.superuser is None:
            for file in self.file.parent.glob(f"{self.file.name}*"):
                file.unlink()
        else:
            postgres.make_database(self.superuser, str(make_url(self.database).database))

    @property
    def file(self) -> Path:
        return Path(str(make_url(self.database).database))

    def users_kept_aside(self) -> list[str]:
        """What the old database held, which a restore has kept."""
        if self.superuser is None:
            [aside] = self.file.parent.glob(f"{self.file.name}.before-restore-*[0-9]")
            with closing(sqlite3.connect(aside)) as old:
                return [row[0] for row in old.execute("SELECT name FROM app_user ORDER BY name")]
        [(schema,)] = self.rows(f"SELECT nspname FROM pg_namespace WHERE nspname LIKE '{ASIDE}'")
        return [row[0] for row in self.rows(f'SELECT name FROM "{schema}".app_user ORDER BY name')]

    def nothing_kept_aside(self) -> bool:
        if self.superuser is None:
            return not list(self.file.parent.glob("*before-restore*"))
        return not self.rows(f"SELECT 1 FROM pg_namespace WHERE nspname LIKE '{ASIDE}'")


@pytest.fixture
def place(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A database of the test's own, with the user anna, on each kind."""
    if database.startswith("sqlite"):
        file = tmp_path / "data" / "school.sqlite3"
        file.parent.mkdir()
        shutil.copy(str(make_url(database).database), file)
        made = Place(f"sqlite:///{file}", tmp_path, None)
    else:
        superuser = request.getfixturevalue("superuser")
        name = f"rollbook_{uuid.uuid4().hex}"
        url = postgres.make_database(superuser, name, request.getfixturevalue("postgres_template"))
        made = Place(url.render_as_string(hide_password=False), tmp_path, superuser)
    made.user("anna")
    yield made
    if made.superuser is not None:
        postgres.drop_database(made.superuser, str(make_url(made.database).database))


def test_r13_a_backup_brings_all_back_into_an_empty_database(place: Place, tmp_path: Path) -> None:
    backup = tmp_path / "monday"
    said = place.done("backup", str(backup))
    assert f"Backed up to {backup}" in said
    assert backup.stat().st_mode & 0o077 == 0
    summed = subprocess.run(["sha256sum", "--check", "monday.sha256"], cwd=tmp_path, check=False)
    assert summed.returncode == 0
    assert [int(seconds) > 0 for (seconds,) in place.rows("SELECT at_seconds FROM backup_made")] == [True]
    installation = place.rows("SELECT id FROM installation")
    place.emptied()
    said = place.done("restore", str(backup))
    assert "Each computer notices" in said
    assert place.users() == ["anna"]
    assert place.rows("SELECT id FROM installation") == installation
    assert place.nothing_kept_aside()
    assert sorted(each.name for each in tmp_path.iterdir() if each.name.startswith((".", "monday"))) == [
        "monday",
        "monday.sha256",
    ]


def test_r13_a_database_that_is_not_empty_is_replaced_when_told_so_and_kept_aside(
    place: Place, tmp_path: Path
) -> None:
    backup = tmp_path / "monday"
    place.done("backup", str(backup))
    place.user("berta")
    assert "--replace" in place.refused("restore", str(backup))
    assert place.users() == ["anna", "berta"]
    assert place.nothing_kept_aside()
    assert "is kept in" in place.done("restore", str(backup), "--replace")
    assert place.users() == ["anna"]
    assert place.users_kept_aside() == ["anna", "berta"]
    place.done("backup", str(tmp_path / "tuesday"))  # what is aside is no part of it
    place.emptied()
    place.done("restore", str(tmp_path / "tuesday"))
    assert place.users() == ["anna"]
    assert place.nothing_kept_aside()


def test_r13_a_running_server_hinders_no_backup_and_is_seen_by_a_restore(
    place: Place, tmp_path: Path
) -> None:
    backup = tmp_path / "monday"
    with ServerProcess(tmp_path / "server", place.database, fresh=True) as server:
        assert httpx.get(f"{server.url}/readyz").status_code == 200
        place.done("backup", str(backup))
        place.user("berta")
        assert "stop it first" in place.refused("restore", str(backup), "--replace")
        assert place.users() == ["anna", "berta"]
        said = place.done("restore", str(backup), "--replace", "--while-running")
        assert "Restart the server" in said
        assert place.users() == ["anna"]
        assert place.users_kept_aside() == ["anna", "berta"]
        body = {"name": "berta", "password": PASSWORD, "device": str(uuid.uuid4())}
        assert httpx.post(f"{server.url}/api/v1/auth/sign-in", json=body).status_code == 401
        assert httpx.post(f"{server.url}/api/v1/auth/sign-in", json=body | {"name": "anna"}).is_success


@pytest.mark.parametrize("point", ["server.backup.written", "server.backup.placed"])
def test_r13_a_backup_cut_in_the_middle_leaves_a_whole_one(place: Place, tmp_path: Path, point: str) -> None:
    backup = tmp_path / "monday"
    place.done("backup", str(backup))
    place.user("berta")
    assert place.run("backup", str(backup), killed_at=point).returncode == -signal.SIGKILL
    place.emptied()
    place.done("restore", str(backup))
    assert place.users() == (["anna"] if point == "server.backup.written" else ["anna", "berta"])


@pytest.mark.parametrize("point", ["server.restore.copied", "server.restore.aside"])
def test_r13_a_restore_cut_in_the_middle_leaves_the_old_database_whole(
    place: Place, tmp_path: Path, point: str
) -> None:
    point = "server.restore.poured" if place.superuser else point
    backup = tmp_path / "monday"
    place.done("backup", str(backup))
    place.user("berta")
    cut = place.run("restore", str(backup), "--replace", killed_at=point)
    assert cut.returncode == -signal.SIGKILL
    assert place.users() == ["anna", "berta"]
    place.done("restore", str(backup), "--replace")
    assert place.users() == ["anna"]


def cut_off(backup: Path) -> None:
    os.truncate(backup, backup.stat().st_size * 2 // 3)


def with_a_blot(backup: Path) -> None:
    content = bytearray(backup.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 64] = bytes(each ^ 0xFF for each in content[middle : middle + 64])
    backup.write_bytes(content)


def of_something_else(backup: Path) -> None:
    backup.write_bytes(b"Rollbook" * 1000)


@pytest.mark.parametrize(
    ("damage", "with_sum"),
    [(with_a_blot, True), (cut_off, False), (of_something_else, False)],  # in a value, only the sum sees it
)
def test_r13_a_damaged_backup_is_refused_before_anything_is_touched(
    place: Place, tmp_path: Path, damage: Callable[[Path], None], with_sum: bool
) -> None:
    backup = tmp_path / "monday"
    place.done("backup", str(backup))
    if not with_sum:
        (tmp_path / "monday.sha256").unlink()
    damage(backup)
    said = place.refused("restore", str(backup), "--replace")
    assert "damaged" in said or "can't be used" in said or "no backup of" in said, said
    assert place.users() == ["anna"]
    assert place.nothing_kept_aside()


def test_r13_a_backup_of_a_later_release_is_refused(place: Place, tmp_path: Path) -> None:
    backup = tmp_path / "monday"
    [(revision,)] = place.rows("SELECT version_num FROM alembic_version")
    place.done("backup", str(backup))
    before = backup.read_bytes()
    place.rows("UPDATE alembic_version SET version_num = '9999'")
    assert "of a later release" in place.refused("backup", str(backup))
    assert backup.read_bytes() == before
    later = tmp_path / "later"
    made_by_the_database_itself(place, later)
    place.rows(f"UPDATE alembic_version SET version_num = '{revision}'")
    said = place.refused("restore", str(later), "--replace")
    assert "of a later release of Rollbook (schema 9999" in said
    assert place.users() == ["anna"]
    assert place.nothing_kept_aside()


def made_by_the_database_itself(place: Place, file: Path) -> None:
    """What an administrator makes without our command."""
    if place.superuser is None:
        with closing(sqlite3.connect(place.file)) as source, closing(sqlite3.connect(file)) as target:
            source.backup(target)
        return
    plain = make_url(place.database).set(drivername="postgresql").render_as_string(hide_password=False)
    dump = [postgres.program_named("pg_dump"), "--format=custom", f"--file={file}", plain]
    subprocess.run(dump, check=True, timeout=60)


def test_r13_a_full_disk_is_said_and_the_last_backup_stays(place: Place, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kib=2048) as disk:
        backup = disk.folder / "monday"
        place.done("backup", str(backup))
        before = backup.read_bytes()
        disk.fill(leaving_kib=12)
        assert "disk" in place.refused("backup", str(backup))
        assert backup.read_bytes() == before
        assert {each.name for each in disk.folder.iterdir()} == {"monday", "monday.sha256", "filling"}


def test_s22_a_desk_is_told_what_the_restored_server_lost_and_gives_it_back(
    place: Place, tmp_path: Path
) -> None:
    from support.command_line import CommandLine

    backup, desk = tmp_path / "monday", CommandLine(tmp_path / "desk")
    server = ServerProcess(tmp_path / "server", place.database)
    with server:
        desk.connect(server, "anna")
        assert desk.run("sync").code == 0
        place.done("backup", str(backup))
        desk.run("students", "add", "given_name=Eleni")
        assert desk.run("sync").data["up_to_date"] is True
        assert place.rows("SELECT given_name FROM student") == [("Eleni",)]
        server.stop()
        place.done("restore", str(backup), "--replace")
        assert place.rows("SELECT given_name FROM student") == []
        server.start()
        assert desk.run("sync").data["up_to_date"] is True
    assert place.rows("SELECT given_name, version FROM student") == [("Eleni", 1)]
    assert place.rows("SELECT count(*) FROM receipt") == [(1,)]


@pytest.mark.postgres
def test_r13_programs_that_are_missing_or_too_old_are_named(
    superuser: URL, postgres_template: str, tmp_path: Path
) -> None:
    name = f"rollbook_{uuid.uuid4().hex}"
    url = postgres.make_database(superuser, name, postgres_template)
    programs = tmp_path / "programs"
    programs.mkdir()
    env = {"ROLLBOOK_POSTGRESQL_PROGRAMS": str(programs)}
    place = Place(url.render_as_string(hide_password=False), tmp_path, superuser, env)
    said = place.refused("backup", str(tmp_path / "monday"))
    assert f"There is no pg_dump in {programs} (postgresql_programs)" in said
    old = programs / "pg_dump"
    old.write_text('#!/bin/sh\necho "pg_dump (PostgreSQL) 9.6.24"\n')
    old.chmod(0o755)
    assert "pg_dump is of PostgreSQL 9, too old" in place.refused("backup", str(tmp_path / "monday"))
    assert not list(tmp_path.glob("*monday*"))
    postgres.drop_database(superuser, name)


def test_r13_a_password_is_no_argument_of_a_program(tmp_path: Path) -> None:
    from rollbook.server.backups.programs import Programs

    url = make_url("postgresql+psycopg://ada:open%20sesame@db.example/rollbook?sslmode=require")
    programs = Programs(url, 15)
    assert programs.database == "postgresql://ada@db.example/rollbook?sslmode=require"
    assert programs._env["PGPASSWORD"] == "open sesame"
