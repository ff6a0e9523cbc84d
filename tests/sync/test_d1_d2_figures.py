"""Figures on a desk without the network, and that they are the server's of the same school (D1, D2, D12)."""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from rollbook.client.figures import Figures, Thresholds
from rollbook.client.registers import Mark
from rollbook.client.values import Edit, RefusedEntryError
from rollbook.domain.default_set_up import default_set_up
from rollbook.domain.roles import Role
from rollbook.server.demo.whole_school import made_up_school
from rollbook.server.sync.new_records import store_new
from support.classroom import Classroom, classroom
from support.client_desk import ClientDesk
from support.in_process_line import InProcessLine
from support.school_server import SchoolServer

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
MakeDesk = Callable[..., ClientDesk]
DATE = "2026-11-02"


@pytest.fixture
def room(desk: ClientDesk, monkeypatch: pytest.MonkeyPatch) -> Classroom:
    """A class of three, entered at the desk, on which the command line works too."""
    monkeypatch.setenv("ROLLBOOK_KEYRING", "0")
    return classroom(desk)


def figures_of(desk: ClientDesk) -> Figures:
    """The desk's, on the day of the test."""
    return Figures(desk.client._store, desk.client.account.role, lambda: NOW)


def data(parts: dict[str, Any]) -> dict[str, Any]:
    """What the server's parts tell, but for what it alone knows."""
    assert {part["status"] for part in parts.values()} == {"ok"}
    return {name: part["data"] for name, part in parts.items() if name not in ("record", "changes")}


def plain(told: dict[str, Any], *ids: str) -> dict[str, Any]:
    """The desk's as they would travel, without the ids."""
    return {name: each for name, each in json.loads(json.dumps(told)).items() if name not in ids}


def test_d1_d2_the_desk_tells_the_figures_of_the_server(school: SchoolServer, make_desk: MakeDesk) -> None:
    own = school.school_id
    records = [*default_set_up(own), *made_up_school(60, 1, NOW.date(), own)]
    school.write(lambda connection: store_new(connection, school.clock, own, records))
    school.clock.advance((NOW - school.clock.now()).total_seconds())
    desk = make_desk(school.user(Role.VIEWER))
    desk.sync()
    figures, at_server = figures_of(desk), school.desk(Role.VIEWER)
    strict = Thresholds(attendance=99, average=70, least_results=1, missing=1)  # type: ignore[arg-type]
    asked = "?attendance=99&average=70&least_results=1&missing=1"

    def ask(path: str) -> Any:
        answer = at_server.call("GET", f"/api/v1/analytics/{path}{asked}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    told = figures.risk(strict)
    whole = ask("risk")
    assert data(whole["parts"]) == plain(told, "looked_at")
    assert (told["looked_at"], whole["next"]) == (whole["looked_at"], None)
    assert told["attendance_risk"]
    assert told["grades_risk"]
    for student in [each["student_id"] for each in told["grades_risk"][:3]]:
        mine = figures.student(student, strict)
        assert data(ask(f"students/{student}")["parts"]) == plain(mine, "student_id")
        assert any(term["percent"] for grade in mine["grades_trend"] for term in grade["terms"])
        assert mine["attendance_trend"]["weeks"]
    graded = [each for kind, each, values in records if kind == "section" and values.get("course_id")]
    registered = {values["section_id"] for kind, _id, values in records if kind == "register_taken"}
    for section in (graded[0], graded[-1], min(registered)):
        assert data(ask(f"sections/{section}")["parts"]) == plain(
            figures.section(section, strict), "section_id"
        )
    spread = figures.section(graded[-1])
    assert spread["grades"]["median"] is not None
    assert any(each["section_id"] == graded[-1] for each in spread["comparison"])
    assert figures.section(min(registered))["attendance"]["expected"] > 0


def test_d2_looked_at_a_few_at_a_time_the_same_are_at_risk(
    desk: ClientDesk, room: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.client.grades.enter(room.test, dict.fromkeys(room.students, "5"))
    low, figures = Thresholds(least_results=1), figures_of(desk)
    whole = figures.risk(low)
    monkeypatch.setattr("rollbook.client.figures._AT_ONCE", 1)
    assert figures.risk(low) == whole
    assert len(whole["grades_risk"]) == 3


def test_d12_figures_hold_what_waits_and_what_is_unknown_is_no_zero(
    desk: ClientDesk, room: Classroom
) -> None:
    figures = figures_of(desk)
    before = figures.section(room.section)
    assert (before["attendance"]["rate"], before["grades"]["median"]) == (None, None)
    assert (before["grades"]["ungraded"], before["comparison"]) == (3, [])
    one, two, _three = room.students
    desk.client.registers.take(room.section, DATE, "day", {})
    desk.client.grades.enter(room.test, {one: "5", two: "20"})
    after = figures.section(room.section)
    assert (after["attendance"]["rate"], after["attendance"]["expected"]) == ("100.0", 3)
    assert (after["grades"]["median"], after["grades"]["ungraded"]) == ("62.5", 1)
    low = Thresholds(least_results=1)
    assert [each["student_id"] for each in figures.section(room.section, low)["grades_risk"]] == [one]
    assert figures.risk(low, section_id=room.section)["grades_risk"][0]["reasons"][0]["figure"] == "25.0"
    assert figures.risk(low, grade_level="7")["looked_at"] == 0


def test_d1_who_has_left_or_is_archived_is_nobody_at_risk(desk: ClientDesk, room: Classroom) -> None:
    one, two, three = room.students
    desk.client.grades.enter(room.test, dict.fromkeys(room.students, "5"))
    stay = {"student_id": one, "entry_date": "2026-09-01", "exit_date": "2026-11-26"}
    desk.client.save(Edit("enrolment", None, stay))
    desk.client.archive("student", two)
    told = figures_of(desk).risk(Thresholds(least_results=1))
    assert [each["student_id"] for each in told["grades_risk"]] == [three]


def test_d4_two_records_of_one_person_are_one_student(
    school: SchoolServer, desk: ClientDesk, room: Classroom
) -> None:
    one, two, _three = room.students
    desk.client.registers.take(room.section, DATE, "day", {one: Mark("A")})
    desk.client.grades.enter(room.test, {one: "5"})
    desk.client.merging.merge(two, one)
    figures = figures_of(desk)
    whole = figures.section(room.section)
    assert (whole["attendance"]["students"], whole["attendance"]["absent"]) == (2, 1)
    assert (whole["grades"]["graded"], whole["grades"]["ungraded"]) == (1, 1)
    told = figures.student(two)
    assert (told, told["grades"][0]["percent"]) == (figures.student(one), "25.0")
    assert desk.sync().up_to_date
    at_server = school.desk(Role.VIEWER)
    for student in (one, two):
        answer = at_server.call("GET", f"/api/v1/analytics/students/{student}").json()
        assert data(answer["parts"]) == plain(told, "student_id")
    answer = at_server.call("GET", f"/api/v1/analytics/sections/{room.section}").json()
    assert data(answer["parts"]) == plain(whole, "section_id")


def test_s23_without_the_right_to_marks_nothing_is_told(school: SchoolServer, make_desk: MakeDesk) -> None:
    """No figures at all, rather than those of a school that entered none; and plainly said."""
    desk = make_desk(school.user(Role.SUPPORT))
    with pytest.raises(RefusedEntryError) as refused:
        desk.client.figures.risk()
    assert [each.code for each in refused.value.breaches] == ["forbidden"]


def test_d12_figures_on_the_command_line(desk: ClientDesk, room: Classroom) -> None:
    ctl = InProcessLine(desk.data)
    desk.client.grades.enter(room.test, dict.fromkeys(room.students, "missing"))
    told = ctl.run("figures", "risk", "--section", room.section, "--missing", "1", "--average", "0")
    assert [each["reasons"][0]["rule"] for each in told.data["grades_risk"]] == ["work_missing"] * 3
    said = ctl.say("figures", "risk", "--missing", "1")
    assert "work missing  1 (threshold 1, of 1)" in said.out
    assert said.err.strip() == "Looked at 3 students."
    student = ctl.say("figures", "student", room.students[0])
    assert "Attendance  unknown" in student.out
    assert "(0.0 %, 1 result)" in student.out
    section = ctl.say("figures", "section", room.section)
    assert "median 0.0 %" in section.out
    assert ctl.run("figures", "section", room.section).data == plain(
        desk.client.figures.section(room.section)
    )


def test_d12_an_absurd_threshold_is_a_wrong_use(desk: ClientDesk) -> None:
    for wrong in (("--average", "101"), ("--fall", "nan"), ("--missing", "0"), ("--missing", "x")):
        said = InProcessLine(desk.data).say("figures", "risk", *wrong)
        assert (said.code, wrong[1] in said.err) == (2, True)


def test_d12_figures_of_nobody_are_told_as_such(desk: ClientDesk, room: Classroom) -> None:
    for verb in ("student", "section"):
        assert InProcessLine(desk.data).run("figures", verb, str(uuid.uuid4())).data["error"] == "not-found"
