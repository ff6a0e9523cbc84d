"""What was imported is remembered row by row, and where each row is now comes back to it (D9, D12)."""

from pathlib import Path

import pytest

from rollbook.client.chosen import Chosen
from rollbook.client.importing import ImportRun, dry_run, take_in
from rollbook.client.runs import RunNote
from rollbook.client.values import Edit, RefusedEntryError
from rollbook.domain import checkpoints
from rollbook.store import retention
from support.client_desk import ClientDesk
from support.school_server import SchoolServer

from .conftest import MakeDesk

PLAIN = "Student number,Given name"
WITH_CLASS = "Student number,Given name,Homeroom"


class Gone(BaseException):
    """The process ends here."""


def imported(
    desk: ClientDesk, folder: Path, *rows: str, headings: str = "Student number,Given name"
) -> ImportRun:
    """Import a file of these rows, good rows alone."""
    file = folder / "list.csv"
    file.write_text("\n".join([headings, *rows]) + "\n", encoding="utf-8")
    return take_in(desk.client, dry_run(desk.client, file))


def states(desk: ClientDesk, run: str) -> list[tuple[int, str, str]]:
    """(line, outcome, state now) of each row."""
    return [(each.line, each.outcome, each.state) for each in desk.client.runs.lines(run)]


def test_d9_a_run_is_remembered_with_each_row_of_its_file(desk: ClientDesk, tmp_path: Path) -> None:
    desk.add(given_name="Eleni", student_number="1")
    desk.add(given_name="Maria", student_number="2")
    run = imported(desk, tmp_path, "1,Eleni,", "2,Maria,1A", "3,Nikos,", "3,Twice,", headings=WITH_CLASS).run
    desk.crash()
    assert states(desk, run) == [
        (2, "same", ""),
        (3, "changed", "queued"),
        (4, "new", "queued"),
        (5, "problem", ""),
    ]
    (found,) = desk.client.runs.latest()
    assert (found.run, found.kind, found.title, found.by) == (
        run,
        "import",
        "list.csv",
        desk.client.account.user_name,
    )
    assert found.outcomes == {"same": 1, "changed": 1, "new": 1, "problem": 1}
    assert found.states == {"queued": 2}
    assert [each.problems for each in desk.client.runs.lines(run)][3] == (("Student number", "repeated"),)


def test_d12_what_the_school_says_of_each_row_comes_back_to_the_same_report(
    make_desk: MakeDesk, desk: ClientDesk, tmp_path: Path
) -> None:
    other = make_desk()
    other.add(given_name="Another", student_number="3")
    other.sync()
    run = imported(desk, tmp_path, "3,Nikos", "4,Anna").run
    desk.sync()
    desk.crash()
    clash, well = desk.client.runs.lines(run)
    assert (clash.state, well.state) == ("conflict", "applied")
    assert clash.problem is not None
    assert clash.request_id
    desk.client.resolve(str(clash.op_id), {"student_number": Chosen.edited("5")})
    desk.sync()
    assert states(desk, run) == [(2, "new", "applied"), (3, "new", "applied")]


def test_d9_a_run_that_could_not_be_saved_is_not_remembered(desk: ClientDesk) -> None:
    for edits in (_bad(1), _bad(600)):
        with pytest.raises(RefusedEntryError):
            desk.client.save_many(edits, desk.client.new_run(), RunNote("bulk_edit"))
    assert desk.client.runs.latest() == []


def _bad(count: int) -> list[Edit]:
    good = [Edit("student", None, {"given_name": f"S{number}"}) for number in range(count)]
    return [*good, Edit("student", None, {"given_name": "Eleni", "birth_date": "31.2.2014"})]


@pytest.mark.parametrize("point", ["client.save_many.kept", "client.save_many.part"])
def test_d9_a_long_run_that_was_cut_is_remembered_whole(
    school: SchoolServer, desk: ClientDesk, point: str
) -> None:
    def die(passed: str) -> None:
        if passed == point:
            raise Gone

    edits = [Edit("student", None, {"given_name": f"S{number}"}) for number in range(600)]
    checkpoints.observe(die)
    with pytest.raises(Gone):
        desk.client.save_many(edits, desk.client.new_run(), RunNote("bulk_edit", "Many"))
    checkpoints.observe(None)
    desk.crash()
    (cut,) = desk.client.runs.latest("bulk_edit")
    assert cut.states["storing"] >= 350
    desk.sync()
    (whole,) = desk.client.runs.latest()
    assert whole.states == {"applied": 600}
    assert whole.outcomes == {"saved": 600}


def test_d9_a_row_says_how_its_entry_ended_when_that_is_forgotten(desk: ClientDesk, tmp_path: Path) -> None:
    run = imported(desk, tmp_path, "1,Nikos", "2,Anna").run
    kept, gone = desk.client.runs.lines(run)
    assert desk.client.take_back(str(gone.op_id))
    desk.sync()
    with desk.client._store.write() as connection:
        retention.forget_before(connection, "2999")
    assert desk.client.entry(str(kept.op_id)) is None
    assert [state for _line, _outcome, state in states(desk, run)] == ["applied", "taken_back"]
