"""R17: `rollbookctl support find` tells each attempt, and truthfully whether the server was asked."""

from pathlib import Path

import httpx
import pytest

from support.desk import NOBODY_THERE
from support.in_process_line import InProcessLine
from support.server_process import PASSWORD, ServerProcess


def test_r17_an_action_is_told_attempt_by_attempt_with_the_servers_lines(ctl: InProcessLine) -> None:
    added = ctl.run("students", "add", "given_name=Qwyjibo").data
    assert ctl.run("--server", NOBODY_THERE, "sync").code == 3
    assert ctl.run("sync").code == 0
    found = ctl.run("support", "find", added["action"])
    assert (found.code, found.data["server_state"]) == (0, "told")
    *failed, last = found.data["attempts"]
    assert failed
    assert {(each["status"], each["error"]) for each in failed} == {(None, "unreachable")}
    assert (last["status"], last["outcome"]) == (200, "ok")
    said = ctl.say("support", "find", added["action"])
    number = len(failed) + 1
    assert f"{added['action']}: {number} attempts of this computer." in said.out
    first, latest = said.out.split(f"  {number}. ")
    assert "no answer after" in first
    assert "failed; may be tried again (unreachable)" in first
    assert "server: nothing in its log: it did not arrive there" in first
    assert "answer 200 after" in latest
    assert f"request {last['request_id']}" in latest
    assert "request  answer 200" in latest.split("server: ")[1]
    assert f"{added['operation']}  new student: at the school" in latest
    assert "Qwyjibo" not in said.out + said.err


def test_r17_offline_its_own_part_is_told_and_that_the_server_was_not_asked(ctl: InProcessLine) -> None:
    added = ctl.run("students", "add", "given_name=Zed").data
    ctl.run("sync")
    for wanted in (added["action"], added["operation"]):
        said = ctl.say("--server", NOBODY_THERE, "support", "find", wanted)
        assert said.code == 0
        assert "The server was not asked: offline. (unreachable)" in said.err
        assert "answer 200 after" in said.out
        assert "unknown" not in said.out + said.err
        assert "server:" not in said.out
    nothing = ctl.say("--server", NOBODY_THERE, "support", "find", "01900000-0000-7000-8000-00000000abcd")
    assert nothing.code == 1
    assert "Nothing is known of 01900000-0000-7000-8000-00000000abcd on this computer." in nothing.err
    assert "The server was not asked: offline." in nothing.err


def test_r17_signed_out_the_server_is_not_asked(ctl: InProcessLine) -> None:
    added = ctl.run("students", "add", "given_name=Zed").data
    ctl.run("sync")
    assert ctl.run("sign-out").code == 0
    said = ctl.say("support", "find", added["action"])
    assert said.code == 0
    assert "The server was not asked: you are signed out." in said.err
    assert "answer 200 after" in said.out


def test_r17_the_id_that_a_failed_command_shows_is_found(ctl: InProcessLine) -> None:
    failed = ctl.run("history", "01900000-0000-7000-8000-00000000dead")
    assert (failed.code, failed.data["error"]) == (1, "not-found")
    said = ctl.say("support", "find", f"Request ID: {failed.data['request_id'].upper()}\n")
    assert said.code == 0, said.err
    assert "GET /api/v1/students/{id}/history" in said.out
    assert "answer 404" in said.out
    assert "server: " in said.out


@pytest.mark.parametrize(
    "wanted", ["", "short", "../../readyz", "a b c d e f g h", "x" * 65, "?also=abcdefghi"]
)
def test_r17_what_is_no_id_is_said_to_be_none_and_asks_nobody(ctl: InProcessLine, wanted: str) -> None:
    said = ctl.say("support", "find", wanted)
    assert said.code == 1
    assert "is no ID. Copy the whole of it" in said.err
    assert ctl.run("support", "find", wanted).data["server_state"] == "no_id"


def test_r17_a_school_alone_on_its_server_finds_what_nobody_signed(
    server: ServerProcess, ctl: InProcessLine, tmp_path: Path
) -> None:
    server.create_user("helper", role="support")
    httpx.get(f"{server.url}/api/v1/students", headers={"X-Request-ID": "of-nobody-at-all"})
    helper = InProcessLine(tmp_path / "helper")
    helper.run("connect", server.url, "--user", "helper", "--password-stdin", stdin=PASSWORD + "\n")
    found = helper.run("support", "find", "of-nobody-at-all")
    assert [line["status"] for line in found.data["server"]["lines"] if "status" in line] == [401]
    assert (
        "of requests that this computer does not know"
        in helper.say("support", "find", "of-nobody-at-all").out
    )
    assert ctl.run("support", "find", "of-nobody-at-all").code == 1  # a registrar sees what is their own
