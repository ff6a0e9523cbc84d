"""The job that staff do on a bad day: import and edit with the server down, then everything arrives once."""

import sqlite3
from pathlib import Path

import pytest

from support.in_process_line import InProcessLine
from support.server_process import PASSWORD, ServerProcess

STUDENTS = Path(__file__).resolve().parents[2] / "data" / "sds-v1-100-users" / "Student.csv"


def _connected(data: Path, server: ServerProcess) -> InProcessLine:
    ctl = InProcessLine(data)
    said = ctl.run("connect", server.url, "--user", "registrar", "--password-stdin", stdin=PASSWORD + "\n")
    assert said.code == 0, said.err
    assert ctl.run("sync").code == 0
    return ctl


def test_s1_s7_s24_d9_86_imported_and_20_changed_offline_arrive_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLBOOK_KEYRING", "0")
    monkeypatch.setenv("ROLLBOOK_CONNECT_TIMEOUT_SECONDS", "1")
    server = ServerProcess(tmp_path / "server", fresh=True)
    server.create_user()
    with server:
        ctl = _connected(tmp_path / "desk", server)
        server.stop()

        said = ctl.run("import", str(STUDENTS))
        assert (said.code, said.data["stored"]) == (3, 86)
        [schools] = [warning for warning in said.data["warnings"] if warning["code"] == "school-unknown"]
        assert "10001" in schools["message"]
        assert "10002" in schools["message"]
        students = ctl.run("students", "list").data["students"]
        for number, student in enumerate(students[:20]):
            assert ctl.run("students", "set", student["id"], f"phone=210 {number:04}").code == 3
        waiting = ctl.run("status").data
        assert (waiting["connection"], waiting["queued"], waiting["up_to_date"]) == ("offline", 106, False)
        assert ctl.run("sync").code == 3
        assert ctl.run("status").data["queued"] == 106

        server.start()
        done = ctl.run("sync")
        assert (done.code, done.data["up_to_date"]) == (0, True)
        with sqlite3.connect(server.folder / "school.sqlite3") as school:
            rows = dict(school.execute("SELECT id, phone FROM student").fetchall())
            once = school.execute("SELECT count(*), count(DISTINCT sourced_id) FROM student").fetchone()
        assert once == (86, 86)
        expected = {student["id"]: f"210 {number:04}" for number, student in enumerate(students[:20])}
        assert {key: phone for key, phone in rows.items() if phone} == expected

        other = _connected(tmp_path / "other", server)
        assert other.run("students", "list").data["total"] == 86
        assert other.run("students", "show", students[3]["id"]).data["phone"] == "210 0003"


def test_h1_the_list_of_students_shows_grade_and_class(ctl: InProcessLine) -> None:
    ctl.run("students", "add", "given_name=Hana", "family_name=Kim", "grade_level=5", "homeroom=5B")
    headings, *lines = ctl.say("students", "find", "Hana Kim").out.splitlines()
    [line] = [line for line in lines if "Kim, Hana" in line]
    assert headings.split() == ["ID", "NUMBER", "NAME", "GRADE", "CLASS"]
    assert line[headings.index("CLASS") :].startswith("5B")
