"""`rollbookctl students erase`: an administrator's act, online, asked and confirmed (D3)."""

import io

import pytest

from rollbook.cli import students
from rollbook.cli.answers import Answer, CommandProblemError
from rollbook.cli.arguments import parser
from rollbook.domain.roles import Role
from support.client_desk import ClientDesk
from support.erasures import NAME, everything_of, files_with
from support.school_server import SchoolServer
from sync.conftest import MakeDesk

WHY = ("--reason", "Asked in writing")


def erased(desk: ClientDesk, *arguments: str) -> Answer:
    """The command's answer."""
    return students.run(desk.client, parser().parse_args(["students", "erase", *arguments, *WHY]))


@pytest.fixture
def administrator(school: SchoolServer, make_desk: MakeDesk) -> ClientDesk:
    """An administrator's desk."""
    return make_desk(school.user(Role.ADMINISTRATOR))


def test_d3_a_dry_run_counts_and_the_typed_number_erases(
    administrator: ClientDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    student = everything_of(administrator)
    seen = erased(administrator, student, "--dry-run")
    assert seen.data["records"] == {"student": 1, "student_contact": 1, "note": 1, "enrolment": 1}
    assert any(f"Mother of {NAME}" in line for line in seen.lines)
    assert len(administrator.shown()) == 1
    monkeypatch.setattr("sys.stdin", io.StringIO("0815\n"))
    done = erased(administrator, student, "--with-contacts")
    assert done.data["records"]["contact"] == 1
    assert administrator.shown() == []
    assert files_with(administrator.data, NAME.encode()) == []
    with pytest.raises(CommandProblemError, match="erased already"):
        erased(administrator, student, "--confirm", "0815")


def test_d3_what_was_typed_wrongly_or_without_the_right_erases_nothing(
    administrator: ClientDesk, make_desk: MakeDesk
) -> None:
    student = everything_of(administrator)
    with pytest.raises(CommandProblemError, match="not the name"):
        erased(administrator, student, "--confirm", "Somebody")
    registrar = make_desk()
    registrar.sync()
    with pytest.raises(CommandProblemError, match="Only an administrator"):
        erased(registrar, student, "--confirm", "0815")
    assert len(registrar.shown()) == 1


def test_d3_without_the_network_nothing_is_kept_to_be_erased_later(administrator: ClientDesk) -> None:
    student = everything_of(administrator)
    administrator.network.down = True
    with pytest.raises(CommandProblemError):
        erased(administrator, student, "--confirm", "0815")
    administrator.network.down = False
    assert administrator.sync().up_to_date
    assert len(administrator.shown()) == 1
