"""The administrator's commands: what they say, how they end (exit 0, 1, 2)."""

import io
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from rollbook.server.__main__ import main
from support.server_process import CHEAP_HASHES


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Runs a command on a SQLite file of its own; gives the exit code and what was said."""
    for name, value in CHEAP_HASHES.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ROLLBOOK_DATABASE", f"sqlite:///{tmp_path / 'folder' / 'school.sqlite3'}")

    def command(*arguments: str, stdin: str = "") -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        code = main(arguments)
        said = capsys.readouterr()
        assert said.out == ""
        return code, said.err

    return command


def count(tmp_path: Path, query: str) -> int:
    engine = create_engine(f"sqlite:///{tmp_path / 'folder' / 'school.sqlite3'}")
    with engine.connect() as connection:
        found = int(connection.execute(text(query)).scalar_one())
    engine.dispose()
    return found


def create(name: str, *more: str) -> tuple[str, ...]:
    return ("create-user", name, "--role", "registrar", "--password-stdin", *more)


def test_check_says_what_to_do_next(run: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    code, said = run("check")
    assert (code, "run rollbook-server migrate" in said) == (1, True)
    assert run("migrate")[0] == 0
    code, said = run("check")
    assert code == 1
    assert "no school" in said
    assert "no user" in said
    assert run(*create("anna"), stdin="a good password\n")[0] == 0
    code, said = run("check")
    assert (code, "All is well" in said) == (0, True)
    assert run("migrate")[0] == 0
    code, said = run(*create("Anna"), stdin="another password\n")  # the same user, with a new password
    assert (code, "There was a user Anna already" in said) == (0, True)
    assert count(tmp_path, "SELECT count(*) FROM app_user") == 1


def test_users_are_made_in_schools_that_exist(run: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    assert run(*create("anna"), stdin="a good password\n")[0] == 0
    assert run(*create("berta", "--school", "School"), stdin="a good password\n")[0] == 0
    code, said = run(*create("clara", "--school", "Other"), stdin="a good password\n")
    assert (code, "There is no school “Other”" in said, "School" in said) == (1, True, True)
    assert run(*create("clara", "--school", "Other", "--create-school"), stdin="a good password\n")[0] == 0
    code, said = run(*create("dora"), stdin="a good password\n")
    assert (code, "--school" in said) == (1, True)
    assert count(tmp_path, "SELECT count(*) FROM school") == 2
    assert count(tmp_path, "SELECT count(*) FROM app_user") == 3


@pytest.mark.parametrize("password", ["", "short", "\n"])
def test_a_password_that_is_too_short_is_refused(run: Callable[..., tuple[int, str]], password: str) -> None:
    code, said = run(*create("anna"), stdin=password)
    assert (code, "8 to 1000 characters" in said) == (1, True)


def test_usage_errors_end_with_2(run: Callable[..., tuple[int, str]]) -> None:
    for arguments in (["serve", "--port", "99999"], ["create-user", "x", "--role", "king"], [], ["fly"]):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("ROLLBOOK_POOL_SIZE", "many", "pool_size (ROLLBOOK_POOL_SIZE) must be a whole number, not “many”"),
        ("ROLLBOOK_POOL_SIZE", "0", "must be at least 1"),
        ("ROLLBOOK_POOL_SIZE", "1.5", "must be a whole number"),
        ("ROLLBOOK_POOL_TIMEOUT_SECONDS", "nan", "must be a number"),
        ("ROLLBOOK_DATABASE", "mysql://x/y", "starts with “mysql:”"),
        ("ROLLBOOK_DATABASE", "a file", "must be like sqlite:"),
        ("ROLLBOOK_SETTINGS", "/no/such/file.toml", "cannot be read"),
    ],
)
def test_a_wrong_setting_is_named(
    run: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(name, value)
    code, said = run("check")
    assert code == 1
    assert says in said
    assert "Traceback" not in said


def test_a_settings_file_is_read_and_the_environment_overrides_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rollbook.server.settings import SettingError, read_settings

    file = tmp_path / "settings.toml"
    file.write_text("pool_size = 3\naccess_token_seconds = 60\n")
    settings = read_settings(file, {"ROLLBOOK_POOL_SIZE": "4"}, database="sqlite:///x")
    assert (settings.pool_size, settings.access_token_seconds) == (4, 60.0)
    file.write_text("pool_sise = 3\n")
    with pytest.raises(SettingError, match="no setting “pool_sise”"):
        read_settings(file, {})


def test_a_made_up_school_is_the_same_for_the_same_seed_and_made_once(
    run: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    code, said = run("make-demo", "--students", "25", "--seed", "7")
    assert (code, "registrar" in said, "rollbook-demo" in said) == (0, True, True)
    assert count(tmp_path, "SELECT count(*) FROM student") == 25
    rows = count(tmp_path, "SELECT count(*) FROM feed")
    assert rows > 1_000  # classes, registers, grades
    assert count(tmp_path, "SELECT max(position) FROM feed") == rows
    assert count(tmp_path, "SELECT head FROM school_feed") == rows
    assert count(tmp_path, "SELECT count(*) FROM membership") == 4
    code, said = run("make-demo", "--students", "25")
    assert (code, "has students already" in said) == (1, True)


def test_a_made_up_school_is_not_made_beside_a_real_one_unless_asked(
    run: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    assert run(*create("anna"), stdin="a good password\n")[0] == 0
    code, said = run("make-demo", "--students", "5")
    assert (code, "holds the school “School”" in said, "--beside" in said) == (1, True, True)
    assert count(tmp_path, "SELECT count(*) FROM app_user") == 1
    assert run("make-demo", "--students", "5", "--beside")[0] == 0
    assert count(tmp_path, "SELECT count(*) FROM student") == 5


def test_a_port_that_is_taken_is_said_without_a_traceback(run: Callable[..., tuple[int, str]]) -> None:
    assert run("migrate")[0] == 0
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, said = run("serve", "--port", str(port))
    assert (code, "Traceback" in said) == (1, False)
    assert f"Cannot listen on 127.0.0.1 port {port}: Address already in use. Is a server running" in said


def test_the_database_is_for_whoever_runs_the_server_alone(
    run: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    before = os.umask(0o022)
    try:
        assert run("migrate")[0] == 0
    finally:
        os.umask(before)
    file = tmp_path / "folder" / "school.sqlite3"
    assert file.stat().st_mode & 0o077 == 0
    assert file.parent.stat().st_mode & 0o077 == 0


def test_a_database_that_cannot_be_reached_is_said_clearly(
    run: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLBOOK_DATABASE", "postgresql+psycopg://nobody@127.0.0.1:1/none")
    for command in (["check"], ["migrate"], list(create("anna"))):
        code, said = run(*command, stdin="a good password\n")
        assert code == 1
        assert "cannot be reached" in said
        assert "Traceback" not in said


def test_s7_prune_says_what_went(run: Callable[..., tuple[int, str]]) -> None:
    assert run(*create("anna"), stdin="a good password\n")[0] == 0
    code, said = run("prune")
    assert (code, "0 receipts and 0 changes" in said) == (0, True)


def test_s21_check_tells_a_wrong_sum_and_mends_it(
    run: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    assert run(*create("anna"), stdin="a good password\n")[0] == 0
    engine = create_engine(f"sqlite:///{tmp_path / 'folder' / 'school.sqlite3'}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE school_sum SET sum = sum + 1"))
    engine.dispose()
    code, said = run("check")
    assert (code, "check --mend" in said) == (1, True)
    assert run("check", "--mend")[0] == 0
    assert run("check")[0] == 0


@pytest.mark.parametrize(
    "command", [("check",), ("devices",), ("prune",), ("recovery",)], ids=lambda each: each[0]
)
def test_a_mistyped_path_makes_no_database(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    file = tmp_path / "mistyped.sqlite3"
    assert main([*command, "--database", f"sqlite:///{file}"]) == 1
    assert f"There is no database {file}" in "".join(capsys.readouterr())
    assert not file.exists()


def test_r13_the_number_of_workers_is_a_setting_too(
    run: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr("rollbook.server.commands.serve.serve", lambda *given: asked.append(given[-1]) or 0)
    assert run("serve")[0] == 0
    monkeypatch.setenv("ROLLBOOK_WORKERS", "3")
    assert run("serve")[0] == 0
    assert run("serve", "--workers", "2")[0] == 0
    assert asked == [1, 3, 2]
    monkeypatch.setenv("ROLLBOOK_WORKERS", "65")
    assert "must be at most 64" in run("check")[1]


def test_the_last_administrator_stays_one(run: Callable[..., tuple[int, str]]) -> None:
    administrator = ("--role", "administrator", "--password-stdin")
    assert run("create-user", "ada", *administrator, stdin="a good password\n")[0] == 0
    code, said = run("set-role", "ada", "--role", "viewer")
    assert (code, "last administrator" in said) == (1, True)
    assert run("create-user", "berta", *administrator, stdin="a good password\n")[0] == 0
    assert run("set-role", "ada", "--role", "viewer")[0] == 0
    assert run("set-role", "berta", "--role", "viewer")[0] == 1


@pytest.mark.parametrize("where", [0, 100], ids=["its first bytes", "its schema"])
def test_r13_a_damaged_database_is_called_so(
    tmp_path: Path, run: Callable[..., tuple[int, str]], where: int
) -> None:
    assert run("migrate")[0] == 0
    [file] = tmp_path.rglob("*.sqlite3")
    content = bytearray(file.read_bytes())
    content[where : where + 3000] = b"\xff" * 3000
    file.write_bytes(content)
    code, said = run("check")
    assert (code, "is damaged" in said, "is it running" in said) == (1, True, False)
    assert "rollbook-server restore FILE --replace" in said
