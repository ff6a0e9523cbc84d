"""Whoever was erased is erased again after the server was put back to before it (D3, S22)."""

from pathlib import Path

import pytest

from support.client_desk import ClientDesk
from support.erasures import NAME, erase, everything_of, files_with
from support.putting_back import FileBackup
from support.school_server import SchoolServer
from sync.conftest import MakeDesk


def names_at(school: SchoolServer) -> list[str]:
    """Who is at the school, by plain SQL."""
    query = "SELECT given_name FROM student WHERE school_id = :school ORDER BY given_name"
    return [row[0] for row in school.rows(query)]


def in_step(*desks: ClientDesk) -> None:
    """Sync each until nothing is left to be told."""
    for _round in range(2):
        for each in desks:
            each.sync()
    assert [each.sync().up_to_date for each in desks] == [True] * len(desks)


def put_back(school: SchoolServer, backup: FileBackup, copy: Path) -> None:
    """The school is as it was then; of the copy nothing is left but what the server has."""
    backup.put_back(copy)
    copy.unlink()
    assert names_at(school) == [NAME]


def test_d3_the_servers_list_asserts_it_and_no_desk_gives_the_person_back(
    school: SchoolServer, make_desk: MakeDesk, backup: FileBackup, tmp_path: Path
) -> None:
    desk, away = make_desk(), make_desk()
    student = everything_of(desk)
    away.sync()
    copy = backup.take()
    desk.change(student, homeroom=f"After the backup, {NAME}")
    in_step(desk, away)
    away.network.down = True
    away.change(student, homeroom=f"Of {NAME}, while away")
    erase(school, student)
    in_step(desk)
    put_back(school, backup, copy)
    school.parts.erasures.assert_again()  # as the server's start does
    desk.add(given_name="Goes on")
    away.network.down = False
    in_step(away, desk)
    assert school.parts.erasures.scrub()
    assert names_at(school) == ["Goes on"]
    assert [(each.kind, each.lost) for each in away.client.status().notices] == [("erased", 1)]
    assert files_with(tmp_path, NAME.encode()) == []


@pytest.mark.parametrize("first", ["knows", "away"])
def test_d3_where_the_list_is_gone_too_a_desk_that_knows_tells_the_server(
    school: SchoolServer, make_desk: MakeDesk, backup: FileBackup, tmp_path: Path, first: str
) -> None:
    desk, away = make_desk(), make_desk()
    student = everything_of(desk)
    in_step(away)
    copy = backup.take()
    away.network.down = True
    erase(school, student)
    in_step(desk)
    put_back(school, backup, copy)
    Path(school.settings.erased_list).unlink()
    away.network.down = False
    in_step(*((desk, away) if first == "knows" else (away, desk)))
    in_step(away)
    assert names_at(school) == []
    assert school.parts.erasures.scrub()
    assert files_with(tmp_path, NAME.encode()) == []
    assert len(Path(school.settings.erased_list).read_bytes().split()) >= 1
