"""A package taken in at a desk reaches the school whole, what records name before them (D9, S4)."""

from pathlib import Path

import pytest

from rollbook.client.importing import PackageDryRun, dry_run, take_in
from rollbook.client.values import Edit, RefusedEntryError
from rollbook.exchange import Outcome
from support.client_desk import ClientDesk
from support.packages import SMALL, small
from support.school_server import SchoolServer
from sync.conftest import MakeDesk


def _taken_in(desk: ClientDesk, file: Path) -> PackageDryRun:
    checked = dry_run(desk.client, file)
    assert isinstance(checked, PackageDryRun)
    take_in(desk.client, checked)
    return checked


def _counts(school: SchoolServer, entity: str) -> tuple[int, int]:
    """Records of the school, and those of them that are archived."""
    query = f"SELECT count(*), count(deleted_at) FROM {entity} WHERE school_id = :school"
    (row,) = school.rows(query)
    return row[0], row[1]


def test_d9_a_package_arrives_whole_and_another_desk_sees_no_difference(
    school: SchoolServer, make_desk: MakeDesk, tmp_path: Path
) -> None:
    one, other = make_desk(), make_desk()
    file = small(tmp_path / "small.zip")
    _taken_in(one, file)
    assert one.sync().up_to_date
    assert _counts(school, "student") == (2, 0)
    assert _counts(school, "result") == (1, 0)
    other.sync()
    again = dry_run(other.client, file)
    found = {outcome: number for outcome, number in again.plan.counts.items() if number}
    assert found == {Outcome.SAME: 17, Outcome.LEFT_OUT: 1}  # the school of that name is not here


def test_d10_d11_what_the_source_has_no_more_is_archived_and_a_membership_comes_back(
    school: SchoolServer, make_desk: MakeDesk, tmp_path: Path
) -> None:
    desk = make_desk()
    _taken_in(desk, small(tmp_path / "first.zip"))
    desk.sync()
    less = small(tmp_path / "less.zip", enrollments=SMALL["enrollments"][1:])
    checked = _taken_in(desk, less)
    assert (checked.plan.removals, checked.to_confirm) == (1, 1)
    assert desk.sync().up_to_date
    assert _counts(school, "section_enrolment") == (2, 1)
    back = _taken_in(desk, small(tmp_path / "first.zip"))
    assert back.plan.counts[Outcome.NEW] == 1
    assert desk.sync().up_to_date
    assert _counts(school, "section_enrolment") == (2, 0)


def test_d3_d9_archiving_is_one_with_the_other_edits_of_a_run(make_desk: MakeDesk) -> None:
    desk = make_desk()
    gone, kept = desk.add(given_name="Ana"), desk.add(given_name="Bo")
    desk.sync()
    edits = [
        Edit("student", kept.entity_id, {"family_name": "Lind"}),
        Edit("student", gone.entity_id, {}, archives=True),
    ]
    saved = desk.client.save_many(edits, desk.client.new_run())
    assert [each.state for each in saved] == ["queued", "queued"]
    assert [each["given_name"] for each in desk.shown()] == ["Bo"]
    assert desk.sync().up_to_date
    row = desk.client.record("student", gone.entity_id)
    assert row is not None
    assert row.archived


def test_d9_many_edits_of_which_one_archives_what_is_not_there_store_nothing(make_desk: MakeDesk) -> None:
    desk = make_desk()
    edits = [Edit("student", None, {"given_name": str(number)}) for number in range(300)]
    edits.append(Edit("student", desk.client.new_run(), {}, archives=True))
    with pytest.raises(RefusedEntryError, match="no such record"):
        desk.client.save_many(edits, desk.client.new_run())
    assert desk.shown() == []
