"""What the command line promises to scripts and people: exit codes, JSON, errors that say what to do."""

import http.server
import json
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.in_process_line import InProcessLine
from support.server_process import PASSWORD, ServerProcess

DATA = Path(__file__).resolve().parents[2] / "data"
STATUS = {
    "connection",
    "breaker",
    "queued",
    "sending",
    "parked",
    "conflicts",
    "oldest_waiting_at",
    "last_synced_at",
    "cursor",
    "up_to_date",
}


def test_s24_status_has_its_members_and_tells_the_truth(ctl: InProcessLine) -> None:
    said = ctl.run("status")
    assert set(said.data) >= STATUS
    assert (said.code, said.data["connection"], said.data["up_to_date"]) == (0, "online", True)
    ctl.run("students", "add", "given_name=Nikos")
    said = ctl.run("status")
    assert (said.code, said.data["queued"], said.data["up_to_date"]) == (3, 1, False)


def test_s1_add_and_set_give_record_operation_and_state(ctl: InProcessLine) -> None:
    added = ctl.run("students", "add", "given_name=Nikos", "phone=210 1")
    assert (added.code, added.data["state"]) == (3, "queued")
    assert added.data["operation"]
    changed = ctl.run("students", "set", added.data["id"], "phone=210 2")
    assert (changed.code, changed.data["id"]) == (3, added.data["id"])
    assert ctl.run("students", "show", added.data["id"]).data["phone"] == "210 2"
    same = ctl.run("students", "set", added.data["id"], "phone=210 2")
    assert (same.code, same.data["operation"]) == (0, None)
    assert ctl.run("sync").code == 0


def test_d5_find_takes_any_order_no_accents_and_latin_letters(ctl: InProcessLine) -> None:
    added = ctl.run("students", "add", "given_name=Γιώργος", "family_name=Παπαδόπουλος")
    for text in ("παπαδοπουλος", "Γιωργ Παπαδ", "papadopoulos", "giorgos pap", "ΠΑΠΑΔ"):
        found = ctl.run("students", "find", text).data["students"]
        assert added.data["id"] in [student["id"] for student in found], text
    assert ctl.run("students", "find", "nobody").data["total"] == 0


@pytest.mark.parametrize(
    ("fields", "field", "hint"),
    [
        (("given_name=A", "colour=red"), "colour", "Use one of"),
        (("given_name=A", "birth_date=2014-02-31"), "birth_date", "year-month-day"),
        (("given_name=A", "email=nobody"), "email", "name@example.org"),
        (("given_name=A", "sex=x"), "sex", "female, male"),
        (("phone=210",), "family_name", "Enter a family name"),
        (("given_name=" + "x" * 300,), "given_name", "200"),
    ],
)
def test_w11_bad_values_name_the_field_and_what_is_right(
    ctl: InProcessLine, fields: tuple[str, ...], field: str, hint: str
) -> None:
    said = ctl.run("students", "add", *fields)
    assert (said.code, said.data["error"]) == (1, "validation-failed")
    [error] = said.data["errors"]
    assert error["field"] == field
    assert hint in error["suggestion"]
    assert hint in said.err
    assert ctl.run("status").data["queued"] == 0


def test_a_wrong_password_is_said_and_nothing_is_stored(
    server: ServerProcess, tmp_path: Path, ctl: InProcessLine
) -> None:
    fresh = InProcessLine(tmp_path / "fresh")
    said = fresh.run("connect", server.url, "--user", "registrar", "--password-stdin", stdin="wrong\n")
    assert (said.code, said.data["error"]) == (1, "wrong-credentials")
    assert said.data["request_id"]
    assert "password" in said.err
    assert fresh.run("status").data["error"] == "not-connected"


def test_an_address_without_a_scheme_is_tried_as_https_and_says_so(
    server: ServerProcess, tmp_path: Path, ctl: InProcessLine
) -> None:
    address = server.url.removeprefix("http://")
    said = InProcessLine(tmp_path / "fresh").run(
        "connect", address, "--user", "registrar", "--password-stdin", stdin=PASSWORD + "\n"
    )
    assert (said.code, said.data["error"]) == (1, "tls-failed")
    assert f"It was tried as https://{address}" in said.err
    assert f"http://{address}" in said.err


def test_without_a_terminal_the_password_must_come_from_standard_input(
    server: ServerProcess, tmp_path: Path
) -> None:
    said = InProcessLine(tmp_path / "fresh").run("connect", server.url, "--user", "registrar")
    assert (said.code, said.data["error"]) == (1, "usage")
    assert "--password-stdin" in said.err


def test_r17_it_is_said_whether_the_server_was_asked_and_what_it_said(
    ctl: InProcessLine, login_page: str, server: ServerProcess
) -> None:
    said = ctl.say("support", "find", "no-such-request")
    assert said.code == 1
    assert "The server was asked: its log holds nothing of it that you may see." in said.err
    said = ctl.say("--server", login_page, "support", "find", "no-such-request")
    assert "The server was not asked: something else answers at its address. (not-our-server)" in said.err
    ctl.run("--server", server.url, "status")


def test_pupils_data_is_for_this_user_alone(ctl: InProcessLine) -> None:
    found = [file for file in ctl.data.rglob("*") if file.stat().st_mode & 0o077]
    assert found == []


@pytest.fixture
def login_page() -> Iterator[str]:
    """A hotel's web server: HTML with 200 for everything."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b"<html><title>Welcome to Hotel Wi-Fi</title></html>"
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as web:
        thread = threading.Thread(target=web.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{web.server_address[1]}"
        web.shutdown()
        thread.join()


def test_s10_a_login_page_is_no_school(ctl: InProcessLine, tmp_path: Path, login_page: str) -> None:
    fresh = InProcessLine(tmp_path / "fresh")
    said = fresh.run("connect", login_page, "--user", "registrar", "--password-stdin", stdin="x\n")
    assert (said.code, said.data["error"]) == (1, "not-our-server")
    assert "guest network" in said.err


def test_s10_a_login_page_in_the_way_takes_nothing(
    server: ServerProcess, ctl: InProcessLine, login_page: str
) -> None:
    added = ctl.run("students", "add", "given_name=Nikos")
    said = ctl.run("--server", login_page, "sync")
    assert (said.code, said.data["reason"]) == (3, "not_our_server")
    assert ctl.run("--server", login_page, "status").data["connection"] == "offline"
    assert ctl.run("--server", server.url, "sync").code == 0
    assert ctl.run("outbox", "show", added.data["operation"]).data["state"] == "applied"


@pytest.mark.parametrize(
    "content", [b"%PDF-1.7 \x00\x01", b"<!DOCTYPE html><html></html>", b"", b"\x00" * 50]
)
def test_d8_a_file_that_is_no_table_is_named_and_nothing_is_imported(
    ctl: InProcessLine, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "students.csv"
    file.write_bytes(content)
    said = ctl.run("import", str(file))
    assert (said.code, said.data["error"]) == (1, "not-importable")
    assert "Nothing was imported" in said.err
    assert ctl.run("status").data["queued"] == 0


def test_d9_a_bad_row_stops_all_until_the_person_says_so(ctl: InProcessLine, tmp_path: Path) -> None:
    file = tmp_path / "students.csv"
    file.write_text(
        "given_name,family_name,birth_date\nAnna,A,2014-02-28\nBen,B,2014-02-31\n", encoding="utf-8"
    )
    said = ctl.run("import", str(file))
    assert said.code == 1
    [problem] = said.data["problems"]
    assert (problem["row"], problem["column"]) == (3, "birth_date")
    assert problem["suggestion"]
    assert ctl.run("status").data["queued"] == 0
    assert ctl.run("import", str(file), "--good-rows").data["stored"] == 1
    assert ctl.run("sync").code == 0


def test_d9_a_dry_run_changes_nothing_and_the_second_import_neither(
    ctl: InProcessLine, server: ServerProcess
) -> None:
    file = DATA / "sds-v1-100-users" / "Student.csv"
    dry = ctl.run("import", str(file), "--dry-run")
    assert (dry.code, dry.data["counts"]["new"]) == (0, 86)
    assert [warning["code"] for warning in dry.data["warnings"]].count("school-unknown") == 1
    assert ctl.run("status").data["queued"] == 0
    assert ctl.run("import", str(file)).data["stored"] == 86
    assert ctl.run("sync").code == 0
    again = ctl.run("import", str(file))
    assert (again.code, again.data["stored"], again.data["counts"]["same"]) == (0, 0, 86)


def test_wrong_use_is_exit_2(ctl: InProcessLine) -> None:
    assert ctl.run("students", "dance").code == 2
    assert ctl.run().code == 2


def test_s23_what_the_role_does_not_allow_goes_to_the_registrar_or_is_refused_at_once(
    server: ServerProcess, ctl: InProcessLine, tmp_path: Path
) -> None:
    viewer = InProcessLine(tmp_path / "viewer")
    viewer.run("connect", server.url, "--user", "viewer", "--password-stdin", stdin=PASSWORD + "\n")
    # Before its first sync this computer does not know what the role allows.
    added = viewer.run("students", "add", "given_name=Nikos")
    said = viewer.run("sync")
    assert (said.code, said.data["handed_over"], said.data["up_to_date"]) == (3, 1, False)
    entry = viewer.run("outbox", "show", added.data["operation"]).data
    assert entry["state"] == "handed_over"
    refused = viewer.say("students", "add", "given_name=Nikos")
    assert (refused.code, refused.err.startswith("Not saved. Your role does not allow this.")) == (1, True)
    assert viewer.run("students", "add", "given_name=Nikos").data["errors"][0]["code"] == "forbidden"


def test_s3_what_is_discarded_can_be_exported_first(ctl: InProcessLine, tmp_path: Path) -> None:
    added = ctl.run("students", "add", "given_name=Nikos")
    export = tmp_path / "given-up.json"
    assert ctl.run("outbox", "discard", added.data["operation"], "--export", str(export)).code == 0
    [kept] = json.loads(export.read_text(encoding="utf-8"))["entries"]
    assert kept["changes"]["given_name"]["value"] == "Nikos"
    assert ctl.run("status").data["up_to_date"] is True


def test_r17_a_request_is_found_here_and_in_the_servers_log(ctl: InProcessLine) -> None:
    added = ctl.run("students", "add", "given_name=Zzyzx", "student_number=twice")
    ctl.run("sync")
    ctl.run("students", "add", "given_name=Zzyzx", "student_number=twice")
    ctl.run("sync")
    [conflict] = ctl.run("conflicts", "list").data["entries"]
    found = ctl.run("support", "find", conflict["last_request_id"])
    assert found.code == 0
    [attempt] = found.data["attempts"]
    assert attempt["route"] == "/api/v1/sync/push"
    [entry] = found.data["entries"]
    assert entry["problem"]["error"] == "student-number-taken"
    lines = found.data["server"]["lines"]
    assert any(conflict["op_id"] in json.dumps(line) for line in lines)
    assert "Zzyzx" not in json.dumps(lines)  # no pupil's data in any log (R18)
    by_action = ctl.run("support", "find", added.data["action"])
    assert by_action.data["found"] is True
    assert ctl.run("support", "find", "no-such-request").code == 1
    ctl.run("outbox", "discard", conflict["op_id"])


def test_r18_the_support_bundle_names_no_pupil(ctl: InProcessLine, tmp_path: Path) -> None:
    ctl.run("students", "add", "given_name=Zzyzx", "phone=2107777777")
    file = tmp_path / "bundle.zip"
    assert ctl.run("support", "bundle", str(file)).code == 0
    with zipfile.ZipFile(file) as bundle:
        text = "".join(bundle.read(name).decode() for name in bundle.namelist())
    assert "Zzyzx" not in text
    assert "2107777777" not in text
    assert "given_name" in text


def test_verify_finds_a_sound_store_sound(ctl: InProcessLine) -> None:
    said = ctl.run("verify")
    assert (said.code, said.data["ok"], said.data["problems"]) == (0, True, [])


def test_d3_an_archived_student_is_shown_as_archived(ctl: InProcessLine) -> None:
    added = ctl.run("students", "add", "given_name=Eleni").data["id"]
    assert ctl.run("students", "show", added).data["archived"] is False
    ctl.run("students", "archive", added)
    assert ctl.run("students", "show", added).data["archived"] is True
    assert ctl.say("students", "show", added).out.startswith("This student is archived.")
