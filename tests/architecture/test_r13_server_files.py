"""The unit files, settings and web server's example that ship: what they name exists (R13)."""

import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from rollbook.server.__main__ import _parser
from rollbook.server.app import create_app
from rollbook.server.settings import SettingError, Settings, read_settings
from support.source_files import ROOT

FOLDER = ROOT / "packaging" / "server"
FILES = sorted(each for each in FOLDER.iterdir() if each.is_file())
ENVIRONMENT = re.compile(r"ROLLBOOK_([A-Z_]+)\b")
SETTING = re.compile(r"\b([a-z]+(?:_[a-z]+)*_(?:seconds|bytes|days|size|overflow))\b")
OF_OTHERS = {"CLIENT_MAX_BODY_SIZE"}
"""nginx's own."""
BYTES = {"m": 1024 * 1024, "k": 1024}


def commands(text: str) -> list[list[str]]:
    """The words of each of our commands in the code blocks of a text."""
    blocks = "".join(re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    return [shlex.split(line)[1:] for line in blocks.splitlines() if line.startswith("rollbook-server ")]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_r13_every_setting_that_is_named_exists(file: Path) -> None:
    text = file.read_text("utf-8")
    known = {name.upper() for name in Settings.__dataclass_fields__} | {"SETTINGS"}
    named = set(ENVIRONMENT.findall(text)) | {name.upper() for name in SETTING.findall(text)}
    assert named - known - OF_OTHERS == set()


def test_r13_the_settings_file_is_read_as_it_is() -> None:
    content = tomllib.loads((FOLDER / "server.toml").read_text("utf-8"))
    settings = read_settings(FOLDER / "server.toml", {})
    assert {name: getattr(settings, name) for name in content} == content
    defaults = Settings()
    changed = {name for name in content if getattr(defaults, name) != content[name]}
    assert changed == {"database", "log_dir"}


def test_r13_a_setting_that_does_not_exist_is_noticed(tmp_path: Path) -> None:
    wrong = tmp_path / "server.toml"
    wrong.write_text((FOLDER / "server.toml").read_text("utf-8") + "\nworker_count = 2\n")
    with pytest.raises(SettingError, match="worker_count"):
        read_settings(wrong, {})
    assert SETTING.findall("of queue_bytes and no_such_seconds") == ["queue_bytes", "no_such_seconds"]


def test_r13_the_units_start_commands_that_exist() -> None:
    serve = _executed("rollbook-server.service")
    asked = _parser().parse_args(serve.split("rollbook-server ", 1)[1].split())
    assert (asked.command, asked.host, asked.port) == ("serve", "127.0.0.1", 8765)
    backup = _executed("rollbook-backup.service")
    words = backup.split("rollbook-server ", 1)[1].rstrip("'").replace('"', "").replace(" +", "+").split()
    assert _parser().parse_args(words).command == "backup"
    with pytest.raises(SystemExit):
        _parser().parse_args(["back-up", "monday"])


def test_r13_the_commands_that_the_readme_gives_exist() -> None:
    given = commands((FOLDER / "README.md").read_text("utf-8"))
    assert [_parser().parse_args(words).command for words in given] == ["migrate", "create-user", "check"]
    assert commands("```\nrollbook-server fly 'far away'\n```") == [["fly", "far away"]]


def _executed(name: str) -> str:
    [line] = re.findall(r"^ExecStart=(.+)$", (FOLDER / name).read_text("utf-8"), re.MULTILINE)
    return str(line)


@pytest.mark.parametrize("file", [each for each in FILES if each.suffix in (".service", ".timer")], ids=str)
def test_r13_systemd_itself_finds_no_fault_with_a_unit(file: Path, tmp_path: Path) -> None:
    """Where systemd is: its own tool reads the unit. Our program is not in /opt: /bin/true stands there."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        assert "[Unit]" in file.read_text("utf-8")
        return
    for each in FILES:
        if each.suffix in (".service", ".timer"):
            text = each.read_text("utf-8").replace("/opt/rollbook/.venv/bin/rollbook-server", "/bin/true")
            (tmp_path / each.name).write_text(text.replace("User=rollbook", "User=root"))
    asked = [analyze, "verify", "--man=no", str(tmp_path / file.name)]
    said = subprocess.run(asked, capture_output=True, text=True, check=False)
    about_ours = [line for line in said.stderr.splitlines() if "rollbook" in line]
    assert about_ours == []


def test_r13_the_web_server_lets_through_what_the_server_takes_and_names_addresses_that_exist() -> None:
    text = (FOLDER / "nginx.conf").read_text("utf-8")
    [(number, unit)] = re.findall(r"client_max_body_size (\d+)([mk]);", text)
    assert int(number) * BYTES[unit] > Settings().max_body_bytes
    routes = create_app(Settings().with_places()).openapi()["paths"]
    exact = re.findall(r"location = (\S+) ", text)
    assert exact == ["/api/v1/sync/events", "/metrics"]
    assert set(exact) <= set(routes)
    waits = [int(each) for each in re.findall(r"proxy_read_timeout (\d+)s;", text)]
    assert min(waits) > 2 * Settings().events_heartbeat_seconds
    assert min(waits) > Settings().statement_timeout_seconds
