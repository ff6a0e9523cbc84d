"""`rollbook-server erase` with the real databases: asked, cut, and done again after a restore (D3, S22)."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from rollbook.server.commands.accounts import FIRST_SCHOOL
from support.administered import Place
from support.school_server import SchoolServer

NAME = "Zyxwvutia"
WHY = ("--reason", "Asked in writing")
WHERE = ("--school", FIRST_SCHOOL)


@pytest.fixture
def student(place: Place, tmp_path: Path) -> Iterator[str]:
    """A student with the number 0815 and a note, in the school of that place; gives the id."""
    [(school_id,)] = place.rows("SELECT id FROM school")
    school = SchoolServer(place.database, tmp_path)
    school.school_id = school_id
    desk = school.desk()
    yield desk.student(given_name=NAME, student_number="0815")
    school.close()


def records(place: Place) -> list[str]:
    """The students' names, by plain SQL."""
    return [row[0] for row in place.rows("SELECT given_name FROM student")]


def trail(place: Place) -> list[str]:
    """What the audit trail tells of erasures."""
    return [row[0] for row in place.rows("SELECT what FROM audit WHERE what LIKE 'erased%' ORDER BY number")]


def test_d3_the_command_counts_then_erases_who_was_typed(place: Place, student: str) -> None:
    seen = place.done("erase", "0815", *WHY, *WHERE, "--dry-run")
    assert f"{NAME} (0815)" in seen
    assert "1 × student" in seen
    assert records(place) == [NAME]
    wrong = place.run("erase", "0815", *WHY, *WHERE, stdin="somebody\n")
    assert (wrong.returncode, "Nothing was erased." in wrong.stderr) == (1, True)
    assert records(place) == [NAME]
    assert "Erased." in place.done("erase", student, *WHY, *WHERE, stdin=f"{NAME.lower()}\n")
    assert records(place) == []
    assert "erased already" in place.run("erase", student, *WHY, *WHERE, stdin="x\n").stderr
    assert "nobody of that number" in place.refused("erase", "0815", *WHY, *WHERE)
    told = place.run("audit", *WHERE).stdout
    assert "Asked in writing" in told
    assert NAME not in told


@pytest.mark.parametrize("point", ["server.erasure.removed", "server.erasure.scrubbed"])
def test_d3_a_server_that_is_killed_in_the_midst_ends_it_whole_or_not_at_all(
    place: Place, student: str, point: str
) -> None:
    killed = place.run("erase", student, *WHY, *WHERE, stdin="0815\n", killed_at=point)
    assert killed.returncode == -signal.SIGKILL
    if point == "server.erasure.removed":
        assert (records(place), trail(place)) == ([NAME], [])
        place.done("erase", student, *WHY, *WHERE, stdin="0815\n")
    assert (records(place), trail(place)) == ([], ["erased"])
    finished(place)
    assert place.rows("SELECT count(*) FROM erased WHERE scrubbed = 0") == [(0,)]
    if place.superuser is None:
        folder = Path(str(make_url(place.database).database)).parent
        assert [each for each in folder.iterdir() if NAME.encode() in each.read_bytes()] == []


def finished(place: Place) -> None:
    """What the server does at its start, and hourly."""
    school = SchoolServer(place.database, place.folder)
    school.parts.erasures.assert_again()
    assert school.parts.erasures.scrub()
    school.close()


def test_d3_a_restored_backup_has_them_erased_again(place: Place, student: str, tmp_path: Path) -> None:
    backup = tmp_path / "monday"
    place.done("backup", str(backup))
    place.done("erase", student, *WHY, *WHERE, stdin="0815\n")
    place.done("restore", str(backup), "--replace", "--while-running")
    assert records(place) == []
    assert trail(place) == ["erased-again"]
    assert place.rows("SELECT count(*) FROM feed WHERE payload LIKE '%Zyxwvutia%'") == [(0,)]
