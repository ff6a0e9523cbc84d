"""`rollbook-server check`: what can be wrong with a deployment is found, and said with what to do (R13)."""

import io
import json
import logging
import os
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, text

from rollbook.domain.clock import SystemClock
from rollbook.domain.roles import Role
from rollbook.server.__main__ import main
from rollbook.server.backups.last import note_backup
from rollbook.server.checking import Finding
from rollbook.server.checking.configuration import of_settings
from rollbook.server.checking.contents import of_contents
from rollbook.server.checking.database import of_database, of_version
from rollbook.server.checking.folders import of_folders
from rollbook.server.database import Database
from rollbook.server.logs import _rotating
from rollbook.server.migrating import migrate
from rollbook.server.outside.reachable import weather_failure
from rollbook.server.settings import Settings
from support import postgres
from support.school_server import SchoolServer, settings_for
from support.server_process import CHEAP_HASHES, free_port
from support.small_disk import small_disk

DAY = 86_400.0
HOST = "postgresql+psycopg://rollbook@db.school.example/rollbook"


@pytest.fixture
def alone(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SchoolServer]:
    """A school with a database of its own: what `check` says is of this one alone."""
    if database.startswith("sqlite"):
        file = tmp_path / "own.sqlite3"
        file.write_bytes(request.getfixturevalue("sqlite_template").read_bytes())
        file.chmod(0o600)
        place, superuser = f"sqlite:///{file}", None
    else:
        superuser, name = request.getfixturevalue("superuser"), f"rollbook_{uuid.uuid4().hex}"
        url = postgres.make_database(superuser, name, request.getfixturevalue("postgres_template"))
        place = url.render_as_string(hide_password=False)
    server = SchoolServer(place, tmp_path)
    yield server
    server.close()
    if superuser is not None:
        postgres.drop_database(superuser, name)


def codes(found: Any) -> list[str]:
    findings: list[Finding] = list(found)
    assert all(each.message.endswith((".", "?", "'.")) for each in findings)
    return [each.code for each in findings]


def in_contents(school: SchoolServer) -> list[str]:
    return codes(school.parts.database.read(lambda c: list(of_contents(c, school.settings, school.clock))))


def in_database(school: SchoolServer, **settings: Any) -> list[str]:
    found = school.parts.database.read(
        lambda c: list(of_database(c, replace(school.settings, **settings), school.clock))
    )
    return [code for code in codes(found) if code != "not-durable"]  # the tests' cluster is in haste


def changed(server: SchoolServer, statement: str, **values: Any) -> None:
    server.write(lambda connection: connection.execute(text(statement), values))


def test_r13_check_finds_schools_without_users_and_administrators(alone: SchoolServer) -> None:
    assert in_contents(alone) == ["no-user", "no-administrator", "no-backup"]
    alone.user(Role.REGISTRAR)
    assert in_contents(alone) == ["no-administrator", "no-backup"]
    alone.user(Role.ADMINISTRATOR)
    assert in_contents(alone) == ["no-backup"]
    changed(alone, "UPDATE app_user SET disabled_at = '2026-01-01T00:00:00+00:00'")
    assert in_contents(alone) == ["no-administrator", "no-backup"]


def test_r13_check_tells_the_age_of_the_last_backup(alone: SchoolServer) -> None:
    alone.user(Role.ADMINISTRATOR)
    alone.write(lambda connection: note_backup(connection, alone.clock, 1000))
    assert in_contents(alone) == []
    alone.clock.advance(3 * DAY)
    assert in_contents(alone) == ["old-backup"]
    alone.write(lambda connection: note_backup(connection, alone.clock, 1000))
    assert in_contents(alone) == []
    assert alone.rows("SELECT count(*) FROM backup_made") == [(1,)]


def test_r13_check_finds_a_job_that_nobody_does(alone: SchoolServer) -> None:
    alone.user(Role.ADMINISTRATOR)
    asked = alone.clock.now().isoformat()
    changed(
        alone,
        "INSERT INTO job (school_id, id, key, kind, parameters, scopes, owner, request_id, asked_at, state) "
        "SELECT :school, 'j', 'k', 'students', '{}', '[]', id, 'r', :asked, 'queued' FROM app_user",
        school=alone.school_id,
        asked=asked,
    )
    assert "old-job" not in in_contents(alone)
    alone.clock.advance(2 * 3_600)
    assert "old-job" in in_contents(alone)
    changed(alone, "UPDATE job SET state = 'done'")
    assert "old-job" not in in_contents(alone)


def test_r13_check_finds_a_secret_that_can_be_guessed(alone: SchoolServer) -> None:
    changed(alone, "UPDATE installation SET secret = :weak", weak=b"secret" * 6)
    assert "weak-secret" in in_contents(alone)
    changed(alone, "UPDATE installation SET secret = :short", short=os.urandom(16))
    assert "weak-secret" in in_contents(alone)


def test_r13_check_counts_the_connections_that_all_workers_may_need(alone: SchoolServer) -> None:
    of_postgresql = alone.parts.database.engine.dialect.name == "postgresql"
    told_the_time(alone)
    assert in_database(alone, workers=2) == []
    assert in_database(alone, workers=64) == (["too-many-connections"] if of_postgresql else [])
    assert in_database(alone, workers=1, pool_size=300) == (["too-many-connections"] if of_postgresql else [])


def test_r13_check_finds_clocks_that_are_apart(alone: SchoolServer) -> None:
    told_the_time(alone)
    assert in_database(alone) == []
    alone.clock.advance(60)
    of_postgresql = alone.parts.database.engine.dialect.name == "postgresql"
    assert in_database(alone) == (["clocks-apart"] if of_postgresql else [])


def told_the_time(school: SchoolServer) -> None:
    school.clock.advance((datetime.now(UTC) - school.clock.now()).total_seconds())


def test_r13_check_finds_a_postgresql_that_is_too_old() -> None:
    assert codes(of_version(120_022)) == ["postgresql-too-old"]
    assert codes(of_version(130_000)) == []


@pytest.mark.postgres
def test_r13_check_finds_commits_that_are_not_durable(superuser: URL, tmp_path: Path) -> None:
    with postgres.own_cluster(durable=False) as lax:
        place = lax.url.render_as_string(hide_password=False)
        school = settings_for(place, tmp_path)
        database = Database(school, SystemClock())
        found = codes(database.read(lambda c: list(of_database(c, school, SystemClock()))))
        database.close()
    assert found == ["not-durable", "not-durable"]  # fsync, full_page_writes


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, []),
        ({"metrics_open": 1}, ["metrics-open"]),
        ({"metrics_open": 1, "metrics_token": "7f3a9c51d2e84b06a1f7"}, []),
        ({"metrics_token": "secret"}, ["weak-metrics-token"]),
        ({"metrics_token": "a" * 40}, ["weak-metrics-token"]),
        ({"log_level": "debug"}, ["debug-log"]),
        ({"argon2_memory_kib": 64}, ["weak-hashes"]),
        ({"argon2_time_cost": 1}, ["weak-hashes"]),
        ({"database": HOST}, ["database-not-encrypted"]),
        ({"database": f"{HOST}?sslmode=prefer"}, ["database-not-encrypted"]),
        ({"database": f"{HOST}?sslmode=verify-full"}, []),
        ({"database": "postgresql+psycopg://rollbook@127.0.0.1/rollbook"}, []),
        ({"database": "postgresql+psycopg://rollbook@/rollbook?host=/run/postgresql"}, []),
        ({"database": "postgresql+psycopg://r:rollbook@localhost/r"}, ["weak-database-password"]),
        ({"database": "postgresql+psycopg://r:9fQ2xL7vT4mZ@localhost/r"}, []),
        ({"events_database": HOST}, ["database-not-encrypted"]),
        ({"weather_url": "http://weather.example"}, ["weather-not-encrypted"]),
        ({"weather_url": "http://127.0.0.1:9"}, []),
    ],
)
def test_r13_check_finds_settings_that_are_unwise(given: dict[str, Any], found: list[str]) -> None:
    assert codes(of_settings(Settings(**({"database": "sqlite:///x"} | given)))) == found


def test_r13_check_finds_files_that_others_may_read(tmp_path: Path) -> None:
    settings = settings_for(f"sqlite:///{tmp_path / 'data' / 'school.sqlite3'}", tmp_path)
    file, log = tmp_path / "data" / "school.sqlite3", tmp_path / "logs" / "server-1.log"
    toml = tmp_path / "settings.toml"
    for each in (file, log, toml):
        each.parent.mkdir(exist_ok=True)
        each.touch(mode=0o600)
    assert codes(of_folders(settings, toml)) == []
    for each, code in ((file, "database-readable"), (log, "logs-readable"), (toml, "settings-readable")):
        each.chmod(0o644)
        assert codes(of_folders(settings, toml)) == [code]
        each.chmod(0o640)
        assert codes(of_folders(settings, toml)) == []


def test_r13_check_finds_folders_that_are_full_or_cannot_be_written(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kib=1024) as disk:
        settings = settings_for(f"sqlite:///{disk.folder / 'school.sqlite3'}", tmp_path)
        assert codes(of_folders(settings, None)) == ["little-room"]
        disk.read_only()
        assert codes(of_folders(settings, None)) == ["not-writable", "little-room"]


def test_r13_check_asks_whether_the_weather_can_be_fetched(tmp_path: Path) -> None:
    settings = settings_for(f"sqlite:///{tmp_path / 'x'}", tmp_path)
    assert weather_failure(settings) == ""
    away = replace(settings, weather_url=f"http://127.0.0.1:{free_port()}")
    assert weather_failure(away) == "ConnectError"


def test_r13_check_says_all_as_one_json_object_and_by_its_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in CHEAP_HASHES.items():
        monkeypatch.setenv(name, value)
    file = tmp_path / "data" / "school.sqlite3"
    monkeypatch.setenv("ROLLBOOK_DATABASE", f"sqlite:///{file}")
    monkeypatch.setenv("ROLLBOOK_LOG_DIR", str(tmp_path / "logs"))
    assert main(["migrate"]) == 0
    capsys.readouterr()

    def asked(code: int) -> dict[str, str]:
        assert main(["check", "--json"]) == code
        said = json.loads(capsys.readouterr().out)
        assert said["well"] is (code == 0)
        return {each["code"]: each["level"] for each in said["findings"]}

    problems = {"no-school": "problem", "no-user": "problem"}
    warnings = {"no-backup": "warning", "weak-hashes": "warning"}
    assert asked(1) == problems | warnings
    monkeypatch.setattr("sys.stdin", io.StringIO("a good password\n"))
    assert main(["create-user", "ada", "--role", "administrator", "--password-stdin"]) == 0
    capsys.readouterr()
    assert asked(0) == warnings
    assert main(["backup", str(tmp_path / "monday")]) == 0
    capsys.readouterr()
    assert asked(0) == {"weak-hashes": "warning"}
    with pytest.raises(SystemExit) as ended:
        main(["check", "--workers", "0"])
    assert ended.value.code == 2


def test_r13_a_database_that_is_away_hides_no_other_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ROLLBOOK_DATABASE", "postgresql+psycopg://rollbook@127.0.0.1:1/none")
    monkeypatch.setenv("ROLLBOOK_LOG_DIR", str(tmp_path / "logs"))
    monkeypatch.setenv("ROLLBOOK_METRICS_OPEN", "1")
    assert main(["check"]) == 1
    said = capsys.readouterr().err
    assert said.index("Problem: The database cannot be reached") < said.index("Warning: Anybody who reaches")


def test_r13_the_database_and_the_logs_are_private_from_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever umask the process has: here an application without our command around it."""
    before = os.umask(0)
    try:
        settings = settings_for(f"sqlite:///{tmp_path / 'data' / 'school.sqlite3'}", tmp_path)
        database = Database(settings, SystemClock())
        migrate(database)
        (tmp_path / "logs").mkdir()
        handler = _rotating(tmp_path / "logs" / "server-1.log", settings)
        handler.emit(_record())
        handler.close()
        modes = {each.name: each.stat().st_mode & 0o777 for each in (tmp_path / "data").iterdir()}
        database.close()
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(("school.sqlite3", "school.sqlite3-wal", "school.sqlite3-shm"), 0o600)
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "logs" / "server-1.log").stat().st_mode & 0o777 == 0o640


def _record() -> logging.LogRecord:
    return logging.LogRecord("rollbook", logging.INFO, __file__, 1, "line", None, None)
