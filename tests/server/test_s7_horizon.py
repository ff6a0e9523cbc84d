"""How far back receipts and feed go (S7): counted in days of the feed that were written down."""

from datetime import timedelta
from functools import partial

import msgspec
import pytest
from sqlalchemy import insert

from rollbook.contract.operations import (
    Operation,
    PushResponse,
    ReceiptsResponse,
    Result,
    operation_bytes,
    push_body,
)
from rollbook.domain.files import divided, hash_of
from rollbook.domain.roles import Role
from rollbook.server.files import chunks, sweeping
from rollbook.server.recovery import kept
from rollbook.server.settings import SettingError, read_settings
from rollbook.server.sync.horizon import Pruned, Upkeep
from rollbook.server.tables import feed_day
from support.school_server import Desk, SchoolServer


def _days(school: SchoolServer, count: int) -> Pruned:
    """So many days pass; the daily work is really done on the last, the others are only written down."""
    [(number, head)] = school.rows(
        "SELECT (SELECT coalesce(max(number), 0) FROM feed_day WHERE school_id = :school), head "
        "FROM school_feed WHERE school_id = :school"
    )
    for passed in range(1, count):
        day = (school.clock.now() + timedelta(days=passed)).date().isoformat()
        row = {"school_id": school.school_id, "number": number + passed, "day": day, "position": head}
        school.write(lambda connection, row=row: connection.execute(insert(feed_day).values(row)))
    school.clock.advance(timedelta(days=count).total_seconds())
    return Upkeep(school.parts.database, school.clock, school.settings).run()


def _horizons(school: SchoolServer) -> tuple[int, int]:
    [row] = school.rows("SELECT receipt_horizon, feed_horizon FROM school_feed WHERE school_id = :school")
    return row[0], row[1]


def _signed_in_again(school: SchoolServer, desk: Desk) -> Desk:
    return school.desk(name=desk.session.user_name)


def _pushed(desk: Desk, operation: Operation, known: int) -> Result:
    """Sent again by someone who knew the feed up to ``known`` when it was sent first."""
    body = push_body([operation_bytes(operation)], {operation.op_id: known})
    answer = desk.call("POST", "/api/v1/sync/push", content=body)
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=PushResponse).results[0]


def _receipts(desk: Desk, op_id: str, known: int) -> ReceiptsResponse:
    body = msgspec.json.encode({"op_ids": [op_id], "again": {op_id: known}})
    answer = desk.call("POST", "/api/v1/sync/receipts", content=body)
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=ReceiptsResponse)


@pytest.fixture
def aged(school: SchoolServer) -> tuple[Desk, list[Operation]]:
    """A school in which three students were made long ago; the receipts of the first two are gone."""
    desk = school.desk()
    first, second, third = (desk.create(given_name=f"G{number}") for number in range(3))
    desk.push(first)
    desk.push(second)
    _days(school, 1)
    desk = _signed_in_again(school, desk)
    desk.push(third)
    assert _days(school, 399) == Pruned()
    assert _horizons(school) == (0, 0)
    # Position 1 is the school itself; the first day ended at 3, whose own receipt stays.
    assert _days(school, 1) == Pruned(receipts=1)
    assert _horizons(school) == (3, 0)
    return _signed_in_again(school, desk), [first, second, third]


def test_s7_receipts_stay_for_400_days_and_the_feed_for_longer(
    school: SchoolServer, aged: tuple[Desk, list[Operation]]
) -> None:
    desk, _made = aged
    cursor = desk.changes(limit=2).cursor
    assert cursor.startswith("2.")
    assert _days(school, 59).changes == 0
    desk = _signed_in_again(school, desk)
    assert len(desk.changes(cursor).changes) == 2
    assert _days(school, 1) == Pruned(changes=2)
    desk = _signed_in_again(school, desk)
    for old in (cursor, "0"):
        answer = desk.call("GET", "/api/v1/sync/changes", params={"cursor": old})
        assert (answer.status_code, answer.json()["error"]) == (410, "cursor-too-old")
    plan = desk.call("GET", "/api/v1/sync/snapshot").json()
    assert desk.changes(plan["cursor"]).changes == []
    assert [row["rows"] for row in plan["tables"] if row["rows"]] == [1, 3]


def test_s7_a_cursor_at_the_horizon_holds(school: SchoolServer, aged: tuple[Desk, list[Operation]]) -> None:
    desk, _made = aged
    cursor = desk.changes(limit=3).cursor
    assert _days(school, 60).changes == 2
    assert [change.version for change in _signed_in_again(school, desk).changes(cursor).changes] == [1]


def test_s7_below_the_horizon_nobody_can_tell_and_nothing_is_applied_twice(
    school: SchoolServer, aged: tuple[Desk, list[Operation]]
) -> None:
    desk, [first, *_later] = aged
    result = _pushed(desk, first, known=1)
    assert result.problem is not None
    assert (result.outcome, result.problem.error) == ("rejected", "outcome-too-old")
    assert _receipts(desk, first.op_id, known=1).too_old == [first.op_id]
    assert school.rows("SELECT max(version) FROM student WHERE school_id = :school") == [(1,)]


def test_s7_with_a_receipt_or_above_the_horizon_it_is_as_ever(
    aged: tuple[Desk, list[Operation]],
) -> None:
    desk, [_first, _second, third] = aged
    assert _pushed(desk, third, known=2).outcome == "duplicate"
    fresh = desk.create(given_name="Fresh")
    told = _receipts(desk, fresh.op_id, known=3)
    assert (told.results, told.too_old) == ([], [])
    assert _pushed(desk, fresh, known=3).outcome == "applied"


def test_s7_what_was_never_sent_goes_however_old_its_sender(aged: tuple[Desk, list[Operation]]) -> None:
    desk, _made = aged
    [result] = desk.push(desk.create(given_name="Offline for years"))
    assert result.outcome == "applied"


def test_s7_s29_a_clock_that_jumps_forgets_nothing(school: SchoolServer) -> None:
    desk = school.desk()
    operation = desk.create(given_name="G")
    desk.push(operation)
    _days(school, 1)
    for years in (10, -10, 10, -10):
        school.clock.advance(timedelta(days=365 * years).total_seconds())
        Upkeep(school.parts.database, school.clock, school.settings).run()
    assert _horizons(school) == (0, 0)
    assert school.rows("SELECT max(number) FROM feed_day WHERE school_id = :school") == [(2,)]
    assert _pushed(_signed_in_again(school, desk), operation, known=0).outcome == "duplicate"


def test_s7_a_day_is_written_down_once(school: SchoolServer) -> None:
    _days(school, 1)
    upkeep = Upkeep(school.parts.database, school.clock, school.settings)
    upkeep.run()
    upkeep.run()
    assert school.rows("SELECT count(*) FROM feed_day WHERE school_id = :school") == [(1,)]


def test_s7_receipts_cannot_be_kept_for_less_than_400_days() -> None:
    with pytest.raises(SettingError, match="at least 400"):
        read_settings(None, {}, receipt_days=399)


def _chunk(school: SchoolServer, name: str) -> None:
    school.write(lambda connection: chunks.keep(connection, school.school_id, hash_of(name.encode()), b"1"))


def _chunks(school: SchoolServer) -> int:
    return int(school.rows("SELECT count(*) FROM file_chunk WHERE school_id = :school")[0][0])


def test_s31_the_daily_work_sweeps_files_that_nothing_names_but_not_while_a_school_is_given_back(
    school: SchoolServer,
) -> None:
    school.desk().student(given_name="Eleni")
    _chunk(school, "nobody's")
    assert _days(school, 1).files == 0  # found unnamed for the first time
    school.write(lambda connection: kept.begin(connection, school.school_id, "r", "2026-09-01", "admin"))
    assert _days(school, 40).files == 0
    school.write(lambda connection: kept.end(connection, school.school_id, "r", "2026-09-01", "admin", 1))
    assert _days(school, 1).files == 1
    assert _chunks(school) == 0


def test_s31_a_file_that_is_named_while_the_sweep_looks_stays(school: SchoolServer) -> None:
    desk = school.desk()
    value, parts = divided(b"\x89PNG\r\n\x1a\n" + b"1" * 100)
    for name, content in parts.items():
        school.write(partial(chunks.keep, school_id=school.school_id, sha256=name, content=content))
    assert _days(school, 1).files == 0
    desk = _signed_in_again(school, desk)
    named_before = school.parts.database.read(partial(sweeping.named, school_id=school.school_id))
    desk.student(photo=str(value))  # commits between the look and the sweep
    sweep = partial(sweeping.sweep, school_id=school.school_id, kept=named_before, day=500, days=30)
    assert (school.write(sweep), _chunks(school)) == (0, len(parts))


def test_s31_a_clock_set_ahead_sweeps_no_file(school: SchoolServer) -> None:
    school.desk().student(given_name="Eleni")
    _chunk(school, "nobody's")
    _days(school, 1)
    school.clock.advance(timedelta(days=4_000).total_seconds())
    assert Upkeep(school.parts.database, school.clock, school.settings).run().files == 0


def test_s23_a_photo_that_a_registrar_has_still_to_decide_on_is_not_swept(school: SchoolServer) -> None:
    desk = school.desk()
    student = desk.student(given_name="Eleni")
    value, parts = divided(b"\x89PNG\r\n\x1a\n" + b"0" * 100)
    for name, content in parts.items():
        school.write(
            lambda connection, name=name, content=content: chunks.keep(
                connection, school.school_id, name, content
            )
        )
    viewer = school.desk(Role.VIEWER)
    operation = viewer.update(student, 1, photo=(None, str(value)))
    body = msgspec.json.encode({"operations": [msgspec.Raw(operation_bytes(operation))]})
    assert viewer.call("POST", "/api/v1/sync/proposals", content=body).status_code == 200
    assert (_days(school, 1).files, _days(school, 40).files) == (0, 0)
    assert _chunks(school) == len(parts)
