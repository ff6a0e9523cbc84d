"""Numbers for new students, online and off: from a block of this desk's own (S16)."""

from collections.abc import Callable

import httpx
import pytest

from rollbook.client.numbers import NEXT_NUMBER
from rollbook.client.values import Edit, RefusedEntryError
from rollbook.domain.roles import Role
from rollbook.server.numbers.hold import hold_numbers, release_numbers
from support.client_desk import ClientDesk
from support.school_server import SchoolServer

MakeDesk = Callable[..., ClientDesk]


def _register(desk: ClientDesk, number: object = NEXT_NUMBER) -> str:
    saved = desk.client.save(Edit("student", None, {"given_name": "Eleni", "student_number": number}))
    return str(desk.values(saved.entity_id)["student_number"])


def test_s16_two_desks_offline_never_give_the_same_number(make_desk: MakeDesk, school: SchoolServer) -> None:
    one, other = make_desk(), make_desk()
    for desk in (one, other):
        desk.sync()
        desk.network.down = True
    given = [_register(desk) for desk in (one, other) for _ in range(5)]
    assert len(set(given)) == 10
    for desk in (one, other):
        desk.network.down = False
        assert desk.sync().needs_you == 0
    rows = school.rows("SELECT student_number FROM student WHERE school_id = :school")
    assert sorted(row.student_number for row in rows) == sorted(given)


def test_s16_a_number_shown_is_taken_by_the_save_that_uses_it(desk: ClientDesk) -> None:
    first = desk.client.next_number()
    desk.crash()  # nothing was saved: it is free again
    assert desk.client.next_number() == first
    assert _register(desk, first) == first
    assert desk.client.next_number() != first
    desk.crash()
    assert desk.client.next_number() != first


def test_s16_a_refused_save_takes_no_number(desk: ClientDesk) -> None:
    with pytest.raises(RefusedEntryError):
        desk.client.save(Edit("student", None, {"student_number": NEXT_NUMBER, "birth_date": "soon"}))
    assert desk.sql("SELECT count(*) FROM number WHERE used_by IS NOT NULL") == [(0,)]


def test_s16_two_forms_that_show_the_same_number_do_not_both_get_it(desk: ClientDesk) -> None:
    shown = desk.client.next_number()
    _register(desk, shown)
    with pytest.raises(RefusedEntryError) as refused:
        _register(desk, shown)
    assert [breach.code for breach in refused.value.breaches] == ["number-given"]


def test_s16_a_number_typed_by_hand_out_of_the_block_is_passed_over(desk: ClientDesk) -> None:
    block = [value for (value,) in desk.sql("SELECT value FROM number ORDER BY position")]
    _register(desk, block[0])
    desk.sql("UPDATE number SET used_by = NULL")  # as if it had been typed before the block came
    assert _register(desk) == block[1]


def test_s16_offline_without_a_number_left_says_so_and_saves_nothing(desk: ClientDesk) -> None:
    desk.network.down = True
    (count,) = desk.sql("SELECT count(*) FROM number")[0]
    for _ in range(count):
        _register(desk)
    with pytest.raises(RefusedEntryError, match="Go online once"):
        _register(desk)
    with pytest.raises(RefusedEntryError, match="Go online once"):
        desk.client.next_number()
    assert len(desk.shown()) == count


def test_s16_a_block_is_topped_up_when_less_than_half_is_left(desk: ClientDesk, school: SchoolServer) -> None:
    size = school.settings.number_block_size
    for _ in range(size // 2):
        _register(desk)
    desk.sync()
    assert desk.sql("SELECT count(*) FROM number_block") == [(1,)]
    _register(desk)
    desk.sync()
    assert desk.sql("SELECT count(*) FROM number_block") == [(2,)]
    assert desk.sql("SELECT count(*) FROM number WHERE used_by IS NULL") == [(size // 2 - 1 + size,)]


def test_s16_a_lost_answer_costs_no_block(make_desk: MakeDesk, school: SchoolServer) -> None:
    desk = make_desk()
    inner, lost = desk.network.handle_async_request, []

    async def losing(request: httpx.Request) -> httpx.Response:
        answer = await inner(request)
        if request.url.path.endswith("/numbers/blocks") and not lost:
            lost.append(request)
            raise httpx.ReadError("cut")
        return answer

    desk.network.handle_async_request = losing  # type: ignore[method-assign]
    with pytest.raises(Exception, match="reached"):
        desk.sync()
    desk.crash()
    assert desk.sync().up_to_date
    assert len(school.rows("SELECT 1 FROM number_block WHERE school_id = :school")) == 1
    assert desk.sql("SELECT count(*) FROM number_block") == [(1,)]


def test_s16_a_viewer_asks_for_no_numbers_and_is_up_to_date(
    make_desk: MakeDesk, school: SchoolServer
) -> None:
    desk = make_desk(school.user(Role.VIEWER))
    assert desk.sync().up_to_date
    assert desk.sql("SELECT count(*) FROM number") == [(0,)]


def test_s22_a_desk_waits_for_numbers_while_the_school_is_recovered(
    make_desk: MakeDesk, school: SchoolServer
) -> None:
    school.write(lambda connection: hold_numbers(connection, school.school_id, "2026-01-01T00:00:00+00:00"))
    desk = make_desk(ROLLBOOK_SYNC_NUMBERS_AGAIN_SECONDS="0")
    assert desk.sync().up_to_date
    assert desk.sql("SELECT count(*) FROM number") == [(0,)]
    school.write(lambda connection: release_numbers(connection, school.school_id))
    desk.sync()
    assert desk.sql("SELECT count(*) FROM number") == [(school.settings.number_block_size,)]
