"""`rollbook-server restore` with the real databases and their real programs (R13, S22)."""

import os
import shutil
import signal
import sqlite3
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, event, make_url

from rollbook.client.errors import CallFailedError
from rollbook.domain.clock import SystemClock
from rollbook.server.commands.backup import back_up, restore
from rollbook.server.database import Database
from support import postgres
from support.administered import Place
from support.client_desk import ClientDesk
from support.command_line import CommandLine
from support.school_server import SchoolServer, settings_for
from support.server_process import PASSWORD, ServerProcess
from support.small_disk import small_disk

EARLIER = "0009"
"""A schema without a place for the time of the last backup."""


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


def test_s22_a_desk_is_told_what_the_restored_server_lost_and_gives_it_back(
    place: Place, tmp_path: Path
) -> None:

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


def test_s22_right_after_a_restore_no_computer_has_come(place: Place, tmp_path: Path) -> None:
    """Not even where a backup holds an earlier recovery, which is another one."""
    backup, desk = tmp_path / "monday", CommandLine(tmp_path / "desk")
    server = ServerProcess(tmp_path / "server", place.database)
    with server:
        desk.connect(server, "anna")
        assert desk.run("sync").code == 0
        for name in ("Eleni", "Nikos"):
            place.done("backup", str(backup))
            desk.run("students", "add", f"given_name={name}")
            assert desk.run("sync").data["up_to_date"] is True
            server.stop()
            place.done("restore", str(backup), "--replace")
            said = place.run("recovery").stdout
            assert said.startswith("Put back at ")
            assert "; no computer has come yet." in said
            assert "Ended on" not in said
            server.start()
            assert desk.run("sync").data["up_to_date"] is True
            assert "Given back: 1\n" in place.run("recovery").stdout
            assert "Put back at" not in place.run("recovery", "end").stdout


def test_s22_computers_that_miss_nothing_have_come_all_the_same(place: Place, tmp_path: Path) -> None:
    backup, desk = tmp_path / "monday", CommandLine(tmp_path / "desk")
    server = ServerProcess(tmp_path / "server", place.database)
    with server:
        desk.connect(server, "anna")
        assert desk.run("sync").code == 0
        place.done("backup", str(backup))
        server.stop()
        place.done("restore", str(backup), "--replace")
        server.start()
        place.rows("UPDATE put_back SET at_seconds = at_seconds - 5")  # reports are dated by whole seconds
        place.rows("DELETE FROM desk_report")
        assert desk.run("sync").data["up_to_date"] is True
        assert "have come since: 1, and none" in place.run("recovery").stdout


def test_r13_what_could_not_be_proven_whole_is_said(place: Place, tmp_path: Path) -> None:
    backup = tmp_path / "monday"
    place.done("backup", str(backup))
    assert "no sum is beside it" not in place.done("restore", str(backup), "--replace")
    (tmp_path / "monday.sha256").unlink()
    assert "no sum is beside it (monday.sha256)" in place.done("restore", str(backup), "--replace")


def test_r13_the_next_commands_are_said_with_the_options_that_were_given(tmp_path: Path) -> None:
    first, second = f"sqlite:///{tmp_path / 'first'}", f"sqlite:///{tmp_path / 'a second'}"
    place = Place(first, tmp_path, None)
    place.done("migrate")
    place.done("backup", str(tmp_path / "monday"))
    said = place.done("restore", str(tmp_path / "monday"), "--database", second)
    for name in ("migrate", "check", "recovery", "recovery end"):
        assert f"rollbook-server {name} --database '{second}'" in said
    assert "ask for the password once" in said
    said = place.done("restore", str(tmp_path / "monday"), "--replace")
    assert "--database" not in said


def test_r13_a_backup_of_an_earlier_release_is_put_back_and_migrated(place: Place, tmp_path: Path) -> None:
    earlier(place)
    backup = tmp_path / "monday"
    assert "not noted" in place.done("backup", str(backup))
    place.emptied()
    said = place.done("restore", str(backup))
    assert f"(schema {EARLIER})" in said
    assert "could not be noted" not in said
    place.done("migrate")
    assert "no computer has come yet" in place.run("recovery").stdout
    assert place.users() == ["anna"]
    assert place.rows("SELECT count(*) FROM backup_made") == [(0,)]


def earlier(place: Place) -> None:
    """The schema of an earlier release."""
    config = Config()
    config.set_main_option("script_location", "rollbook.server:migrations")
    database = Database(settings_for(place.database, place.folder), SystemClock())

    def down(connection: Connection) -> None:
        config.attributes["connection"] = connection
        command.downgrade(config, EARLIER)

    database.write(down)
    database.close()


def test_r13_a_restore_that_fails_halfway_leaves_the_old_database_whole(place: Place, tmp_path: Path) -> None:
    if place.superuser is None:
        halfway_for_want_of_room(place, tmp_path)
        return
    place.rows("CREATE SCHEMA before_restore_1")
    place.rows("CREATE TABLE before_restore_1.gone (id int)")
    place.rows("CREATE VIEW of_what_is_gone AS SELECT id FROM before_restore_1.gone")
    backup = tmp_path / "monday"
    place.done("backup", str(backup))  # the view, but not what it is of: sound, and yet it can't be restored
    place.rows("DROP SCHEMA before_restore_1 CASCADE")
    place.user("berta")
    said = place.refused("restore", str(backup), "--replace")
    assert "before_restore_1" in said
    assert "The database is as it was." in said
    assert place.users() == ["anna", "berta"]
    assert place.nothing_kept_aside()


def halfway_for_want_of_room(place: Place, tmp_path: Path) -> None:
    backup = tmp_path / "monday"
    place.done("backup", str(backup))
    with small_disk(tmp_path / "disk", kib=2048) as disk:
        small = Place(f"sqlite:///{disk.folder / 'school.sqlite3'}", tmp_path, None)
        shutil.copy(place.file, small.file)
        small.user("berta")
        disk.fill(leaving_kib=64)
        assert "is full" in small.refused("restore", str(backup), "--replace")
        assert small.users() == ["anna", "berta"]
        assert small.nothing_kept_aside()
        assert not list(disk.folder.glob(".*"))


@pytest.mark.postgres
def test_r13_a_restore_whose_reading_ends_early_is_undone(
    superuser: URL, postgres_template: str, tmp_path: Path
) -> None:
    """What came before the end is sound SQL: only that no COMMIT follows keeps the old database."""
    name, programs = f"rollbook_{uuid.uuid4().hex}", tmp_path / "programs"
    url = postgres.make_database(superuser, name, postgres_template)
    place = Place(url.render_as_string(hide_password=False), tmp_path, superuser)
    place.user("anna")
    backup = tmp_path / "monday"
    place.done("backup", str(backup))
    programs.mkdir()
    for each in ("pg_dump", "psql"):
        (programs / each).symlink_to(postgres.program_named(each))
    real = postgres.program_named("pg_restore")
    two_tables = "awk '/^CREATE TABLE/ && ++tables == 3 {exit} {print}'"
    cut = f'case "$*" in *--no-comments*) {real} "$@" | {two_tables}; exit 1;; esac\nexec {real} "$@"\n'
    (programs / "pg_restore").write_text(f"#!/bin/sh\n{cut}")
    (programs / "pg_restore").chmod(0o755)
    place.env["ROLLBOOK_POSTGRESQL_PROGRAMS"] = str(programs)
    assert "pg_restore failed" in place.refused("restore", str(backup), "--replace")
    assert place.users() == ["anna"]
    assert place.nothing_kept_aside()
    postgres.drop_database(superuser, name)


def test_r13_a_database_of_a_later_release_is_left_alone_and_said(place: Place) -> None:
    place.rows("UPDATE alembic_version SET version_num = '9999'")
    for words in (("migrate",), ("prune",), ("check",), ("serve", "--port", "0")):
        assert "of a later release of Rollbook (schema 9999" in place.refused(*words)
    assert place.rows("SELECT version_num FROM alembic_version") == [("9999",)]


@pytest.fixture
def on_postgres(superuser: URL, postgres_template: str, tmp_path: Path) -> Iterator[SchoolServer]:
    """A server on a PostgreSQL database of the test's own, which the test may replace."""
    name = f"rollbook_{uuid.uuid4().hex}"
    url = postgres.make_database(superuser, name, postgres_template)
    server = SchoolServer(url.render_as_string(hide_password=False), tmp_path)
    yield server
    server.close()
    postgres.drop_database(superuser, name)


def just_before(school: SchoolServer, statement: str, act: Callable[[], object]) -> list[str]:
    """Run ``act`` once, inside the transaction that is about to run that statement; gives what has run it."""
    met: list[str] = []

    def hook(_connection: Any, _cursor: Any, asked: str, *_others: Any) -> None:
        if not met and asked.startswith(statement):
            met.append(asked)
            act()

    event.listen(school.parts.database.engine, "before_cursor_execute", hook)
    return met


@pytest.mark.postgres
@pytest.mark.parametrize(
    "statement",
    ['INSERT INTO "history"', "UPDATE school_feed", 'INSERT INTO "feed"', 'INSERT INTO "receipt"'],
)
def test_r13_a_push_under_way_while_a_backup_is_put_back_is_never_torn(
    on_postgres: SchoolServer, tmp_path: Path, statement: str
) -> None:
    """Half of it in the tables set aside, half in the new ones, it would be acknowledged and lost."""
    school, backup = on_postgres, tmp_path / "monday"
    desk = ClientDesk(school, tmp_path / "desk", school.user())
    base = str(desk.add(given_name="Base", phone="1").entity_id)
    desk.sync()
    assert back_up(school.settings, school.clock, backup) == 0
    desk.add(given_name="Later")
    desk.sync()
    desk.add(given_name="Torn")
    desk.change(base, phone="9")
    told = (school.settings, school.clock, backup)
    met = just_before(school, statement, lambda: restore(*told, replace=True, while_running=True))
    refused = ""
    try:
        desk.sync()
    except CallFailedError as error:
        refused = error.code
    desk.crash()
    assert met
    assert [desk.sync().up_to_date for _cycle in range(3)][-1]
    desk.close()
    kept = school.rows("SELECT given_name, phone, version FROM student WHERE school_id = :school")
    assert sorted(kept) == [("Base", "9", 2), ("Later", None, 1), ("Torn", None, 1)]
    for table in ("history", "receipt"):
        assert school.rows(f"SELECT count(*) FROM {table} WHERE school_id = :school") == [(4,)], table
    assert refused == "database-unavailable"  # and tried again by the desk itself
