"""Programs of one store: one engine, to which the others hand what they save and sync (S26)."""

import asyncio
import contextlib
import os
import signal
import sqlite3
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rollbook.client.errors import EngineBusyError
from rollbook.client.handover.asking import BrokenOffError, NobodyThereError, ask
from rollbook.client.handover.door import DOOR
from rollbook.client.handover.serving import Serving
from rollbook.client.handover.wire import LENGTH, Reply, Request, packed
from rollbook.client.numbers import NEXT_NUMBER
from rollbook.client.opening import open_client
from rollbook.client.values import Edit
from support.client_desk import ClientDesk
from support.command_line import CommandLine
from support.server_process import ServerProcess

KILLED = -9


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A real server."""
    one = ServerProcess(tmp_path_factory.mktemp("server"), env={"ROLLBOOK_SIGN_IN_ATTEMPTS": "1000"})
    one.create_user()
    with one:
        yield one


@pytest.fixture
def ctl(server: ServerProcess, tmp_path: Path) -> CommandLine:
    """A computer in sync."""
    one = CommandLine(tmp_path / "desk")
    one.connect(server)
    one.run("sync")
    return one


def _folder(ctl: CommandLine) -> Path:
    (folder,) = (ctl.data / "accounts").iterdir()
    return folder


def _entries(ctl: CommandLine) -> list[Any]:
    with closing(sqlite3.connect(_folder(ctl) / "store.sqlite3")) as connection:
        return connection.execute("SELECT op_id, state FROM operation WHERE state <> 'applied'").fetchall()


def _at_school(server: ServerProcess, name: str) -> int:
    with closing(sqlite3.connect(server.folder / "school.sqlite3")) as connection:
        query = "SELECT count(*) FROM student WHERE given_name = ?"
        return int(connection.execute(query, (name,)).fetchone()[0])


@contextmanager
def _engine(ctl: CommandLine, killed_at: str | None = None) -> Iterator["subprocess.Popen[str]"]:
    """A program whose engine runs, as the window's does."""
    process = ctl.start("sync", "--watch", killed_at=killed_at)
    try:
        _wait(lambda: (_folder(ctl) / DOOR).exists())
        yield process
    finally:
        process.kill()
        process.communicate()


def _wait(is_so: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def test_s26_a_save_is_made_by_the_running_engine_and_goes_at_once(
    server: ServerProcess, ctl: CommandLine
) -> None:
    with _engine(ctl):
        said = ctl.run("students", "add", "given_name=Ελένη", killed_at="client.save.committed")
        assert said.code == 3, "this program did not save, or it would have been killed"
        _wait(lambda: _at_school(server, "Ελένη") == 1)


def test_s26_a_sync_is_made_by_the_running_engine(server: ServerProcess, ctl: CommandLine) -> None:
    ctl.run("students", "add", "given_name=Zoë")
    with _engine(ctl):
        said = ctl.run("sync", killed_at="client.push.before_send")
        assert (said.code, said.data["up_to_date"], said.data["connection"]) == (0, True, "online")
    assert _at_school(server, "Zoë") == 1


@pytest.mark.parametrize("point", ["client.save.before_commit", "client.save.committed"])
def test_s26_an_engine_killed_in_the_middle_of_a_save_leaves_it_saved_once_and_said_so(
    server: ServerProcess, ctl: CommandLine, point: str
) -> None:
    name = f"Nikos {point}"
    with _engine(ctl, killed_at=point) as engine:
        said = ctl.run("students", "add", f"given_name={name}")
        assert engine.wait(10) == KILLED
    assert (said.code, said.data["state"]) == (3, "queued")
    assert _entries(ctl) == [(said.data["operation"], "queued")]
    assert ctl.run("sync").code == 0
    assert _at_school(server, name) == 1


def test_s26_who_asked_may_be_killed_and_the_save_is_there_once(
    server: ServerProcess, ctl: CommandLine
) -> None:
    with _engine(ctl):
        said = ctl.run("students", "add", "given_name=Σοφία", killed_at="client.handover.asked")
        assert said.code == KILLED
        _wait(lambda: _at_school(server, "Σοφία") == 1)
    assert ctl.run("sync").code == 0
    assert _at_school(server, "Σοφία") == 1


def test_s26_what_a_killed_engine_left_behind_hinders_nobody(server: ServerProcess, ctl: CommandLine) -> None:
    with _engine(ctl):
        pass
    assert (_folder(ctl) / DOOR).exists()
    assert ctl.run("students", "add", "given_name=Άννα").code == 3
    with _engine(ctl):
        _wait(lambda: _at_school(server, "Άννα") == 1)


def test_s26_an_engine_that_hangs_is_not_waited_for_and_saves_nothing_twice(
    server: ServerProcess, ctl: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rollbook.client.commands.ask", _impatient)
    monkeypatch.setenv("ROLLBOOK_KEYRING", "0")
    with _engine(ctl) as engine:
        os.kill(engine.pid, signal.SIGSTOP)
        client = open_client(ctl.data)
        saved = client.save(Edit("student", None, {"given_name": "Γιώργος"}))
        client.close()
        assert saved.state == "queued"
        os.kill(engine.pid, signal.SIGCONT)  # now it finds the request, and the entry that is there already
        _wait(lambda: _at_school(server, "Γιώργος") == 1)
    assert ctl.run("sync").code == 0
    assert _at_school(server, "Γιώργος") == 1


def _impatient(folder: Path, do: str, given: Any, shape: type[Any]) -> Any:
    return ask(folder, do, given, shape, 0.5)


def test_s26_what_is_refused_is_refused_with_the_fields(ctl: CommandLine) -> None:
    with _engine(ctl):
        said = ctl.run("students", "add", "given_name=Eva", "email=nothing")
    assert (said.code, said.data["errors"][0]["field"]) == (1, "email")
    assert _entries(ctl) == []


def test_s26_a_file_is_taken_in_by_the_running_engine(
    server: ServerProcess, ctl: CommandLine, tmp_path: Path
) -> None:
    file = tmp_path / "new.csv"
    file.write_text("givenName,familyName\nIoanna,A\nIoanna,B\nIoanna,C\n", encoding="utf-8")
    with _engine(ctl):
        said = ctl.run("import", str(file), killed_at="client.push.before_send")
        assert (said.code, said.data["stored"]) == (3, 3), said.err
        _wait(lambda: _at_school(server, "Ioanna") == 3)


def test_s26_only_the_owner_may_open_the_door(ctl: CommandLine) -> None:
    with _engine(ctl):
        folder = _folder(ctl)
        door = msgspec.json.decode((folder / DOOR).read_bytes())
        assert stat.S_IMODE((folder / DOOR).stat().st_mode) == 0o600
        if door["path"]:
            assert stat.S_IMODE(Path(door["path"]).stat().st_mode) == 0o600
        else:
            assert len(door["token"]) >= 32


# ---- the door itself


async def _doubled(do: str, given: Any) -> Any:
    if do == "break":
        raise ZeroDivisionError
    return given * 2


@pytest.mark.parametrize("unix", [True, False])
async def test_s26_both_doors_answer_and_close(unix: bool, tmp_path: Path) -> None:
    folder = Path(os.path.relpath(tmp_path))
    async with Serving(folder, _doubled, unix=unix):
        assert await asyncio.to_thread(ask, folder, "double", 21, int) == 42
        with pytest.raises(BrokenOffError):
            await asyncio.to_thread(ask, folder, "break", 1, int)
    with pytest.raises(NobodyThereError):
        await asyncio.to_thread(ask, folder, "double", 21, int)


async def test_s26_doors_that_open_together_leave_the_programs_umask_as_it_was(tmp_path: Path) -> None:
    folders = [tmp_path / str(number) for number in range(3)]
    for folder in folders:
        folder.mkdir(mode=0o700)
    doors = [Serving(Path(os.path.relpath(folder)), _doubled, unix=True) for folder in folders]
    before = os.umask(0o022)
    try:
        await asyncio.gather(*(door.__aenter__() for door in doors))
        assert os.umask(0o022) == 0o022
        for door in doors:
            await door.__aexit__(None, None, None)
    finally:
        os.umask(before)


async def test_s26_without_the_token_nothing_is_done(tmp_path: Path) -> None:
    done: list[str] = []

    async def note(do: str, _given: Any) -> None:
        done.append(do)

    async with Serving(tmp_path, note, unix=False):
        door = msgspec.json.decode((tmp_path / DOOR).read_bytes())
        (tmp_path / DOOR).write_bytes(msgspec.json.encode(door | {"token": "guessed"}))
        with pytest.raises(BrokenOffError):
            await asyncio.to_thread(ask, tmp_path, "save", {}, type(None))
    assert done == []


async def test_s26_another_version_is_told_and_the_caller_does_it_itself(tmp_path: Path) -> None:
    async with Serving(tmp_path, _doubled, unix=False):
        door = msgspec.json.decode((tmp_path / DOOR).read_bytes())
        reader, writer = await asyncio.open_connection("127.0.0.1", door["port"])
        writer.write(packed(Request("double", 1, v=99, token=door["token"])))
        (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
        reply = msgspec.json.decode(await reader.readexactly(length), type=Reply)
        writer.close()
    assert reply.trouble is not None
    assert (reply.gave, reply.trouble.kind) == (None, "version")


# ---- a second window


def test_s26_a_second_window_says_so_and_its_saves_go_by_the_first(desk: ClientDesk) -> None:
    second = open_client(desk.data, settings=desk._settings, surroundings=desk._around)

    async def both() -> None:
        first = asyncio.create_task(desk.client.run())
        while not (desk.client.account.folder / DOOR).exists():
            await asyncio.sleep(0.01)
        with pytest.raises(EngineBusyError):
            await second.run()
        saved = await asyncio.to_thread(second.save, Edit("student", None, {"given_name": "Nikos"}))
        async with asyncio.timeout(20):
            while desk.state(saved) != "applied":
                await asyncio.sleep(0.02)
        status = await second.sync_once(20)
        assert status.up_to_date
        first.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await first
        await desk.client.aclose()
        await second.aclose()

    asyncio.run(both())
    second.close()


def test_s26_the_next_number_is_drawn_by_who_saves(desk: ClientDesk) -> None:
    from rollbook.client.commands import edit_of, plain

    handed = plain(Edit("student", None, {"given_name": "Nikos", "student_number": NEXT_NUMBER}))
    assert edit_of(msgspec.convert(handed, Edit)).changes["student_number"] is NEXT_NUMBER
