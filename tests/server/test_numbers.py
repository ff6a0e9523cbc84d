"""Blocks of numbers for desks that work offline: none is ever handed out twice (S16, S22)."""

import threading
import uuid
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection, delete

from rollbook.contract.numbers import NumberBlock
from rollbook.domain.roles import Role
from rollbook.server.numbers.hold import hold_numbers, release_numbers
from rollbook.server.tables import number_block, number_series
from support.school_server import Desk, SchoolServer

ASKED = {"entity": "student", "field": "student_number"}


def _ask(desk: Desk, block_id: str | None = None, **more: object) -> NumberBlock:
    body = {"id": block_id or str(uuid.uuid4())} | ASKED | more
    answer = desk.call("POST", "/api/v1/numbers/blocks", json=body)
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=NumberBlock)


def _plain(block: NumberBlock) -> dict[str, object]:
    return msgspec.to_builtins(block)


def test_s16_blocks_go_on_after_the_highest_number_that_a_student_has(school: SchoolServer) -> None:
    desk = school.desk()
    desk.student(student_number="A-7")  # no part of the series
    desk.student(student_number="1041")
    desk.student(student_number="980")
    first, second = _ask(desk), _ask(desk)
    assert first.texts()[0] == "1042"
    assert first.last - first.first + 1 == school.settings.number_block_size
    assert second.first == first.last + 1


def test_s16_the_number_of_an_archived_student_is_not_given_again(school: SchoolServer) -> None:
    desk = school.desk()
    student = desk.student(student_number="55")
    desk.push(desk.archive(student, 1))
    assert _ask(desk).first == 56


def test_s16_leading_zeros_are_kept(school: SchoolServer) -> None:
    desk = school.desk()
    desk.student(student_number="00042")
    assert _ask(desk).texts()[0] == "00043"


def test_s16_a_new_school_begins_with_one(school: SchoolServer) -> None:
    assert _ask(school.desk()).texts()[0] == "1"


def test_s16_the_same_request_again_gives_the_same_block(school: SchoolServer) -> None:
    desk, block_id = school.desk(), str(uuid.uuid4())
    assert _ask(desk, block_id) == _ask(desk, block_id)
    taken = school.desk().call("POST", "/api/v1/numbers/blocks", json={"id": block_id} | ASKED)
    assert (taken.status_code, taken.json()["error"]) == (409, "already-exists")


def test_s16_sixteen_desks_at_once_get_sixteen_different_blocks(school: SchoolServer) -> None:
    desks = [school.desk() for _ in range(4)]
    start, found = threading.Barrier(16), []

    def reserve(number: int) -> None:
        start.wait()
        found.append(_ask(desks[number % 4]))

    threads = [threading.Thread(target=reserve, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = [text for block in found for text in block.texts()]
    assert len(found) == 16
    assert len(set(numbers)) == len(numbers) == 16 * school.settings.number_block_size
    rows = school.rows("SELECT first, last FROM number_block WHERE school_id = :school")
    assert len({row.first for row in rows}) == 16  # durable, each on its own


def test_s16_schools_have_series_of_their_own(school: SchoolServer) -> None:
    desk = school.desk()
    desk.student(student_number="500")
    other = SchoolServer(school.settings.database, _folder(school))
    try:
        assert _ask(other.desk()).first == 1
    finally:
        other.close()
    assert _ask(desk).first == 501


def test_s22_numbers_in_use_that_a_restored_server_forgot_are_not_given_again(school: SchoolServer) -> None:
    desk, other = school.desk(), school.desk()
    block = _ask(desk)
    school.write(_forget_numbers)  # what an older backup knows
    told = desk.call("POST", "/api/v1/numbers/blocks/live", json={"blocks": [_plain(block)]})
    assert told.status_code == 204, told.text
    assert _ask(other).first == block.last + 1


def test_s22_a_request_tells_the_blocks_in_use_by_itself(school: SchoolServer) -> None:
    desk = school.desk()
    block = _ask(desk)
    school.write(_forget_numbers)
    assert _ask(desk, live=[_plain(block)]).first == block.last + 1


def test_s22_no_new_block_while_the_school_is_being_recovered(school: SchoolServer) -> None:
    desk, block_id = school.desk(), str(uuid.uuid4())
    block = _ask(desk, block_id)
    school.write(lambda connection: hold_numbers(connection, school.school_id, "2026-01-01T00:00:00+00:00"))
    refused = desk.call("POST", "/api/v1/numbers/blocks", json={"id": str(uuid.uuid4())} | ASKED)
    assert (refused.status_code, refused.json()["error"]) == (409, "numbers-held")
    assert _ask(desk, block_id) == block  # what was given stays given
    school.write(lambda connection: release_numbers(connection, school.school_id))
    assert _ask(desk).first == block.last + 1


@pytest.mark.parametrize(
    "wrong", [{"field": "phone"}, {"entity": "school"}, {"entity": "nothing"}, {"id": "x"}]
)
def test_s16_only_a_numbered_field_has_blocks(school: SchoolServer, wrong: dict[str, str]) -> None:
    body = {"id": str(uuid.uuid4())} | ASKED | wrong
    assert school.desk().call("POST", "/api/v1/numbers/blocks", json=body).status_code == 422


@pytest.mark.parametrize("change", [{"first": 0}, {"last": 10**17}, {"first": 9, "last": 8}, {"digits": 99}])
def test_s22_what_is_no_block_is_not_taken(school: SchoolServer, change: dict[str, int]) -> None:
    desk = school.desk()
    block = _plain(_ask(desk)) | {"id": str(uuid.uuid4())} | change
    told = desk.call("POST", "/api/v1/numbers/blocks/live", json={"blocks": [block]})
    assert told.status_code == 422
    assert len(school.rows("SELECT 1 FROM number_block WHERE school_id = :school")) == 1


def test_s16_who_may_not_register_reserves_no_numbers(school: SchoolServer) -> None:
    asked = {"id": str(uuid.uuid4())} | ASKED
    assert school.desk(Role.VIEWER).call("POST", "/api/v1/numbers/blocks", json=asked).status_code == 403


def test_s16_the_prefix_and_the_least_length_are_settings(school: SchoolServer) -> None:
    school.parts.numbers._settings = replace(school.settings, number_prefix="S-", number_digits=4)
    desk = school.desk()
    desk.student(student_number="S-0012")
    desk.student(student_number="99")
    assert _ask(desk).texts()[0] == "S-0013"


def _forget_numbers(connection: Connection) -> None:
    for table in (number_block, number_series):
        connection.execute(delete(table))


def _folder(school: SchoolServer) -> Path:
    return Path(school.settings.log_dir).parent
