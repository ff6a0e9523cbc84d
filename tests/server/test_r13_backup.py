"""`rollbook-server backup` with the real databases and their real programs (R13)."""

import signal
import subprocess
import uuid
from pathlib import Path

import pytest
from sqlalchemy import URL, make_url

from support import postgres
from support.administered import Place
from support.small_disk import small_disk


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


@pytest.mark.parametrize("point", ["server.backup.written", "server.backup.placed"])
def test_r13_a_backup_cut_in_the_middle_leaves_a_whole_one(place: Place, tmp_path: Path, point: str) -> None:
    backup = tmp_path / "monday"
    place.done("backup", str(backup))
    place.user("berta")
    assert place.run("backup", str(backup), killed_at=point).returncode == -signal.SIGKILL
    place.emptied()
    place.done("restore", str(backup))
    assert place.users() == (["anna"] if point == "server.backup.written" else ["anna", "berta"])


def test_r13_a_full_disk_is_said_and_the_last_backup_stays(place: Place, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kib=2048) as disk:
        backup = disk.folder / "monday"
        place.done("backup", str(backup))
        before = backup.read_bytes()
        disk.fill(leaving_kib=12)
        assert "disk" in place.refused("backup", str(backup))
        assert backup.read_bytes() == before
        assert {each.name for each in disk.folder.iterdir()} == {"monday", "monday.sha256", "filling"}


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
