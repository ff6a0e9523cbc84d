"""Signing out keeps what waits, or writes it into a file too; others' waiting entries are mentioned (S27)."""

import asyncio
import json
from pathlib import Path

import pytest

from rollbook.cli.leaving import others_lines
from rollbook.client.leaving import others_waiting, write_waiting
from rollbook.client.opening import open_client
from rollbook.domain.roles import Role
from support.client_desk import ClientDesk
from support.in_process_line import InProcessLine
from support.school_server import SchoolServer


def test_s27_what_waits_is_written_whole_and_stays(desk: ClientDesk, tmp_path: Path) -> None:
    saved = desk.add(given_name="Ελένη", phone="210 1")
    desk.change(saved.entity_id, phone="210 2")
    file = tmp_path / "waiting.json"
    assert write_waiting(desk.client, file) == 2
    written = json.loads(file.read_text(encoding="utf-8"))
    assert written["user"] == desk.client.account.user_name
    assert [entry["changes"]["phone"]["value"] for entry in written["entries"]] == ["210 1", "210 2"]
    assert desk.client.status().waiting == 2


def test_s27_the_command_line_says_how_much_waits_and_keeps_it(
    desk: ClientDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLBOOK_KEYRING", "0")
    saved = desk.add(given_name="Nikos")
    file = tmp_path / "waiting.json"
    said = InProcessLine(desk.data).run("sign-out", "--export", str(file))
    assert (said.code, said.data["waiting"]) == (0, 1), said.err
    assert "1 entries wait. They are kept" in said.err
    assert json.loads(file.read_text(encoding="utf-8"))["entries"][0]["op_id"] == saved.op_id
    desk.crash()
    assert (desk.client.status().connection, desk.state(saved)) == ("signed_out", "queued")


def test_s27_a_file_that_cannot_be_written_signs_nobody_out(
    desk: ClientDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLBOOK_KEYRING", "0")
    desk.add(given_name="Nikos")
    said = InProcessLine(desk.data).run("sign-out", "--export", str(tmp_path / "nowhere" / "file"))
    assert (said.code, said.data["error"]) == (1, "not-writable")
    desk.crash()
    assert desk.sync().up_to_date


def test_s27_the_running_engine_signs_out_too(desk: ClientDesk) -> None:
    second = open_client(desk.data, settings=desk._settings, surroundings=desk._around)

    async def both() -> None:
        running = asyncio.create_task(desk.client.run())
        await asyncio.sleep(0.3)
        await second.sign_out()
        assert desk.client.status().connection == "signed_out"
        running.cancel()
        await asyncio.wait([running])
        await second.aclose()
        await desk.client.aclose()

    asyncio.run(both())
    second.close()


def test_s27_anothers_waiting_entries_are_mentioned(school: SchoolServer, tmp_path: Path) -> None:
    first, second = school.user(Role.REGISTRAR), school.user(Role.REGISTRAR)
    one = ClientDesk(school, tmp_path / "shared", first)
    one.add(given_name="Ελένη")
    one.close()
    other = ClientDesk(school, tmp_path / "shared", second)
    (found,) = others_waiting(other.client.account)
    assert (found.user, found.entries) == (first, 1)
    assert f"1 entries of {first}" in others_lines([found])[0]
    other.close()
    again = ClientDesk(school, tmp_path / "shared", first)
    assert others_waiting(again.client.account) == (), "the second has nothing waiting"
    assert again.sync().up_to_date
    again.close()


def test_s27_anothers_store_that_cannot_be_read_is_mentioned_too(
    school: SchoolServer, tmp_path: Path
) -> None:
    first, second = school.user(Role.REGISTRAR), school.user(Role.REGISTRAR)
    one = ClientDesk(school, tmp_path / "shared", first)
    one.close()
    one.client.account.store.write_bytes(b"no store " * 1000)
    other = ClientDesk(school, tmp_path / "shared", second)
    (found,) = others_waiting(other.client.account)
    assert (found.user, found.entries) == (first, None)
    other.close()
