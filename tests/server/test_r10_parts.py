"""Each part of the dashboard and of the analytics stands for itself (R10), on SQLite and on PostgreSQL."""

import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from rollbook.contract.dashboard import DashboardPart
from rollbook.domain.roles import Role
from rollbook.resilience.deadline import Deadline, under
from rollbook.server.problems import ProblemError
from rollbook.server.telling import Source
from support.school_server import SchoolServer

ENDLESS = (
    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 9e9) SELECT count(*) FROM n"
)
PART_SECONDS = 1.0  # a busy machine needs some of it for what is quick


@pytest.fixture
def hurried(database: str, tmp_path: Path) -> Iterator[SchoolServer]:
    """A server that gives each part little time."""
    server = SchoolServer(database, tmp_path, part_seconds=PART_SECONDS)
    yield server
    server.close()


def well(connection: Connection) -> int:
    found: int = connection.execute(text("SELECT 7")).scalar_one()
    return found


def broken(connection: Connection) -> Any:
    return connection.execute(text("SELECT no_such_column FROM student")).all()


def endless(connection: Connection) -> Any:
    return connection.execute(text(ENDLESS)).scalar_one()


def seen(told: dict[str, DashboardPart]) -> dict[str, tuple[str, Any, str]]:
    return {name: (part.status.value, part.data, part.reason) for name, part in told.items()}


def test_r10_a_broken_part_poisons_neither_what_comes_before_nor_after(school: SchoolServer) -> None:
    told = school.parts.teller.tell({"before": well, "broken": broken, "after": well})
    assert seen(told) == {
        "before": ("ok", 7, ""),
        "broken": ("unavailable", None, "internal-error"),
        "after": ("ok", 7, ""),
    }


def test_r10_a_slow_part_ends_at_its_own_time_and_the_next_has_its_own(hurried: SchoolServer) -> None:
    began = time.monotonic()
    told = hurried.parts.teller.tell({"slow": endless, "slow_too": endless, "after": well})
    assert seen(told) == {
        "slow": ("unavailable", None, "deadline-exceeded"),
        "slow_too": ("unavailable", None, "deadline-exceeded"),
        "after": ("ok", 7, ""),
    }
    assert time.monotonic() - began < 20


def test_r10_the_callers_time_is_shared_by_the_parts_to_come(school: SchoolServer) -> None:
    """The first part may take its share of what the caller has left, and no more."""
    given: list[float] = []

    def note(_connection: Connection) -> int:
        given.append(school.parts.database._seconds_left(None))
        return 0

    with under(Deadline(school.clock, 3.0)):
        school.parts.teller.tell({"one": note, "two": note, "three": note})
    assert given == [1.0, 1.5, 2.0]  # no time passes on this clock; part_seconds is the most


def away(trouble: str) -> Source:
    def raising(_connection: Connection) -> Any:
        raise ProblemError(trouble)

    return raising


def test_r10_while_its_source_is_away_a_part_is_told_as_it_was_with_its_age(school: SchoolServer) -> None:
    teller = school.parts.teller
    [before] = teller.tell({"part": well}, "whose").values()
    school.clock.advance(299)
    [part] = teller.tell({"part": away("database-busy")}, "whose").values()
    assert seen({"part": part}) == {"part": ("stale", 7, "database-busy")}
    assert (part.as_of, part.age_seconds) == (before.as_of, 299)


def test_r8_what_was_told_last_is_refused_past_its_limit(school: SchoolServer) -> None:
    school.parts.teller.tell({"part": well}, "whose")
    school.clock.advance(300.5)
    told = school.parts.teller.tell({"part": away("database-busy")}, "whose")
    assert seen(told) == {"part": ("unavailable", None, "database-busy")}


def test_r8_what_was_told_to_one_school_is_not_told_to_another(school: SchoolServer) -> None:
    school.parts.teller.tell({"part": well}, "one")
    told = school.parts.teller.tell({"part": away("database-busy")}, "another")
    assert seen(told) == {"part": ("unavailable", None, "database-busy")}


@pytest.mark.parametrize("source", [away("forbidden"), away("not-found"), broken])
def test_r6_a_refusal_or_a_defect_is_not_covered_with_what_was(school: SchoolServer, source: Source) -> None:
    school.parts.teller.tell({"part": well}, "whose")
    [part] = school.parts.teller.tell({"part": source}, "whose").values()
    assert (part.status, part.data) == ("unavailable", None)


def test_r10_parts_told_without_a_keeper_are_not_kept(school: SchoolServer) -> None:
    school.parts.teller.tell({"part": well})
    told = school.parts.teller.tell({"part": away("database-busy")})
    assert seen(told) == {"part": ("unavailable", None, "database-busy")}


def test_r10_a_locked_table_leaves_the_other_parts(hurried: SchoolServer) -> None:
    """A real lock: PostgreSQL's readers wait for it, SQLite's do not and are told all."""
    desk = hurried.desk()
    with (
        hurried.parts.database.engine.connect().execution_options(
            rollbook_writes=True, rollbook_seconds_left=30.0
        ) as holder,
        holder.begin(),
    ):
        if holder.dialect.name == "postgresql":
            holder.execute(text("LOCK TABLE student IN ACCESS EXCLUSIVE MODE"))
        told = hurried.parts.teller.tell(
            {
                "students": lambda connection: connection.execute(
                    text("SELECT count(*) FROM student")
                ).scalar_one(),
                "other": well,
            }
        )
    assert told["other"].status == "ok"
    if holder.dialect.name == "postgresql":
        assert told["students"].reason == "deadline-exceeded"
    assert desk.call("GET", "/api/v1/dashboard").json()["parts"]["students"]["status"] == "ok"


# ---- of one student


def analytics(school: SchoolServer, student_id: str, role: Role = Role.VIEWER) -> Any:
    return school.desk(role).call("GET", f"/api/v1/analytics/students/{student_id}")


def test_r10_a_students_analytics_tell_each_part(school: SchoolServer) -> None:
    desk = school.desk()
    student = desk.student(given_name="Eleni", family_name="Haddad", phone="030 1")
    school.clock.advance(60)
    desk.push(desk.update(student, 1, phone=("030 1", "030 2")))
    answer = analytics(school, student)
    assert answer.status_code == 200
    assert answer.json()["student_id"] == student
    parts = answer.json()["parts"]
    of_both = {f"{name}{of}" for name in ("attendance", "grades") for of in ("", "_trend", "_risk")}
    assert set(parts) == {"record", "changes"} | of_both
    record, changes = parts["record"]["data"], parts["changes"]["data"]
    assert (record["filled"], record["of"]) == (3, 20)
    assert len(record["empty"]) == 17
    assert "phone" not in record["empty"]
    assert (changes["count"], changes["by_kind"], changes["notes"]) == (2, {"create": 1, "update": 1}, {})
    assert (changes["first_at"][:19], changes["last_at"][:19]) == (
        "2026-09-01T08:00:00",
        "2026-09-01T08:01:00",
    )
    assert (parts["attendance"]["data"]["rate"], parts["grades"]["data"]) == (None, [])  # unknown, not 0 %


def test_r10_what_is_not_known_is_null_with_a_note_and_never_zero(school: SchoolServer) -> None:
    desk = school.desk()
    student = desk.student()
    school.write(
        lambda connection: connection.execute(
            text("DELETE FROM history WHERE entity_id = :id"), {"id": student}
        )
    )
    changes = analytics(school, student).json()["parts"]["changes"]
    assert changes["status"] == "ok"
    for name in ("count", "first_at", "last_at", "by_kind"):
        assert changes["data"][name] is None
        assert changes["data"]["notes"][name] == "no-history"


def test_r10_a_students_failed_part_leaves_the_others(
    school: SchoolServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    student = school.desk().student()
    monkeypatch.setattr(
        "rollbook.server.analytics.endpoints.completeness", lambda connection, **_: broken(connection)
    )
    answer = analytics(school, student)
    assert answer.status_code == 200
    parts = answer.json()["parts"]
    assert (parts["record"]["status"], parts["record"]["reason"]) == ("unavailable", "internal-error")
    assert (parts["changes"]["status"], parts["changes"]["data"]["count"]) == ("ok", 1)


def test_r10_nothing_of_a_pupil_is_kept_to_be_told_later(school: SchoolServer) -> None:
    student = school.desk().student()
    assert analytics(school, student).status_code == 200
    assert not school.parts.teller._known._kept


@pytest.mark.parametrize(
    ("path", "role", "status", "code"),
    [
        ("students/{student}", Role.SUPPORT, 403, "forbidden"),
        ("students/{nobody}", Role.REGISTRAR, 404, "not-found"),
        ("students/nonsense", Role.REGISTRAR, 404, "not-found"),
        ("sections/{nobody}", Role.TEACHER, 404, "not-found"),
        ("sections/{nobody}", Role.SUPPORT, 403, "forbidden"),
    ],
)
def test_r10_who_may_not_or_asks_for_nobody_is_told_so(
    school: SchoolServer, path: str, role: Role, status: int, code: str
) -> None:
    path = path.format(student=school.desk().student(), nobody=uuid.uuid4())
    answer = school.desk(role).call("GET", f"/api/v1/analytics/{path}")
    assert (answer.status_code, answer.json()["error"]) == (status, code)


def test_r10_a_student_of_another_school_is_nobody(school: SchoolServer, tmp_path: Path) -> None:
    other = SchoolServer(school.settings.database, tmp_path / "other")
    student = other.desk().student()
    assert analytics(other, student).status_code == 200
    assert analytics(school, student).status_code == 404
    other.close()
