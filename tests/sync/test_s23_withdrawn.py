"""What a change of role withdraws goes to the registrar, then leaves the desk (S23)."""

import asyncio
import itertools
from pathlib import Path
from typing import Any

import httpx
import pytest

from rollbook.client.errors import CallFailedError, RefusedEntryError
from rollbook.contract.problems import problem
from rollbook.contract.proposals import Handing, HandingResult, ProposeResponse
from rollbook.domain import checkpoints
from rollbook.domain.roles import Role
from rollbook.server.proposals import endpoints
from support.changing_roles import bytes_on_disk, decide, dies_at, names, proposals, set_role
from support.client_desk import ClientDesk
from support.school_server import SchoolServer
from sync.conftest import MakeDesk

NAME, NUMBER = "Zyxwvutia", "6999999999"


@pytest.fixture
def owner(school: SchoolServer, make_desk: MakeDesk) -> ClientDesk:
    """A registrar's desk with a student of the school and two entries that wait, one of them new."""
    desk = make_desk()
    student = desk.add(given_name=NAME, phone=NUMBER)
    desk.sync()
    desk.network.down = True
    desk.change(student.entity_id, homeroom="Homeroom of " + NAME)
    desk.add(given_name=NAME + "b")
    with pytest.raises(CallFailedError):
        desk.sync()
    return desk


def test_s23_while_offline_nothing_leaves(school: SchoolServer, owner: ClientDesk) -> None:
    set_role(school, owner, Role.SUPPORT)
    with pytest.raises(CallFailedError):
        owner.sync()
    assert sorted(names(owner)) == [NAME, NAME + "b"]
    assert owner.client.status().queued == 2


def test_s23_a_withdrawal_hands_over_then_removes(
    school: SchoolServer, owner: ClientDesk, make_desk: MakeDesk
) -> None:
    registrar = make_desk()
    entries = [entry.op_id for entry in owner.client.entries()]
    set_role(school, owner, Role.SUPPORT)
    owner.network.down = False
    status = owner.sync()
    assert (status.handed_over, status.waiting, status.needs_you) == (2, 0, 0)
    assert status.outstanding == ("handed_over",)
    assert not status.up_to_date
    assert owner.shown() == []
    told = owner.client.entries()
    assert [(entry.op_id, entry.state, entry.label) for entry in told] == [
        (op_id, "handed_over", "") for op_id in entries
    ]
    assert {str(entry.fields) for entry in told} == {"{}"}
    for word in (NAME, NAME.lower(), NUMBER):
        assert word.encode() not in bytes_on_disk(owner)
    kept = proposals(registrar)
    assert [one["op_id"] for one in kept] == entries
    assert kept[0]["changes"]["homeroom"]["value"] == "Homeroom of " + NAME
    assert kept[1]["changes"]["given_name"]["value"] == NAME + "b"
    owner.crash()
    assert owner.sync().handed_over == 2
    assert len(proposals(registrar)) == 2


def test_s23_the_owner_is_told_what_was_decided(
    school: SchoolServer, owner: ClientDesk, make_desk: MakeDesk
) -> None:
    registrar = make_desk()
    first, second = [entry.op_id for entry in owner.client.entries()]
    set_role(school, owner, Role.SUPPORT)
    owner.network.down = False
    owner.sync()
    assert decide(registrar, 1, accept=True)["state"] == "accepted"
    assert decide(registrar, 2, accept=False)["state"] == "declined"
    assert owner.sync().outstanding == ("declined",)
    states = {op_id: entry.state for op_id in (first, second) if (entry := owner.client.entry(op_id))}
    assert states == {first: "applied", second: "declined"}
    registrar.sync()
    assert names(registrar) == [NAME]
    [row] = school.rows('SELECT "by" FROM history WHERE school_id = :school AND version = 2')
    assert owner.client.account.user_name in row.by
    assert registrar.client.account.user_name in row.by


def test_s23_who_may_still_read_keeps_the_records(
    school: SchoolServer, owner: ClientDesk, make_desk: MakeDesk
) -> None:
    registrar = make_desk()
    set_role(school, owner, Role.VIEWER)
    owner.network.down = False
    assert owner.sync().handed_over == 2
    assert names(owner) == [NAME]
    assert owner.shown()[0]["homeroom"] is None  # the school does not have it, and may never
    assert {entry.fields["homeroom"][1] for entry in owner.client.entries() if "homeroom" in entry.fields}
    with pytest.raises(RefusedEntryError, match="role"):
        owner.add(given_name="Nikos")
    for number in (1, 2):
        decide(registrar, number, accept=True)
    assert owner.sync().up_to_date
    assert sorted(names(owner)) == [NAME, NAME + "b"]


def test_s23_an_entry_that_the_server_does_not_take_keeps_its_values(
    school: SchoolServer, owner: ClientDesk, make_desk: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    registrar = make_desk()
    take = endpoints.take

    def refusing_the_new_one(
        database: Any, clock: Any, caller: Any, asked: Any, known: str, fence: int | None
    ) -> Any:
        results = [
            HandingResult(result.op_id, Handing.REFUSED, problem=problem("payload-unsupported"))
            if b'"create"' in bytes(raw)
            else take(database, clock, caller, type(asked)([raw]), known, fence).results[0]
            for raw in asked.operations
            for result in [HandingResult(_op_id(raw), Handing.TAKEN)]
        ]
        return ProposeResponse(results)

    set_role(school, owner, Role.SUPPORT)
    owner.network.down = False
    monkeypatch.setattr(endpoints, "take", refusing_the_new_one)
    status = owner.sync()
    assert (status.handed_over, status.parked) == (1, 1)
    assert "records_leaving" in status.outstanding
    assert names(owner) == [NAME + "b"]
    owner.crash()
    assert names(owner) == [NAME + "b"]
    monkeypatch.setattr(endpoints, "take", take)
    assert owner.sync().handed_over == 2
    assert owner.shown() == []
    assert len(proposals(registrar)) == 2


def _op_id(raw: Any) -> str:
    import msgspec

    found: str = msgspec.json.decode(raw)["op_id"]
    return found


@pytest.mark.parametrize(
    "point",
    [
        "client.proposals.before_send",
        "server.proposals.before_commit",
        "server.proposals.committed",
        "client.proposals.answered",
        "client.proposals.before_commit",
        "client.leaving.before_commit",
        "client.pull.before_commit",
    ],
)
def test_s23_killed_at_any_point_nothing_is_lost_or_doubled(
    school: SchoolServer, owner: ClientDesk, make_desk: MakeDesk, point: str
) -> None:
    registrar = make_desk()
    entries = sorted(entry.op_id for entry in owner.client.entries())
    set_role(school, owner, Role.SUPPORT)
    owner.network.down = False
    if point.startswith("server."):
        _server_fails_at(owner, point)
    else:
        dies_at(owner, point)
    handed = {entry.op_id for entry in owner.client.entries() if entry.state == "handed_over"}
    at_school = {one["op_id"] for one in proposals(registrar)}
    assert handed <= at_school  # what is not there yet is here, with its values
    here = {entry.op_id: entry.fields for entry in owner.client.entries() if entry.state != "handed_over"}
    assert sorted(at_school | here.keys()) == entries
    assert all(here.values())
    status = owner.sync()
    assert (status.handed_over, status.outstanding) == (2, ("handed_over",))
    assert sorted(one["op_id"] for one in proposals(registrar)) == entries
    assert owner.shown() == []
    assert NAME.encode() not in bytes_on_disk(owner)


def _server_fails_at(desk: ClientDesk, point: str) -> None:
    def observer(passed: str) -> None:
        if passed == point:
            raise RuntimeError(point)

    checkpoints.observe(observer)
    try:
        desk.sync()
    finally:
        checkpoints.observe(None)


def test_s23_an_answer_that_is_cut_off_hands_over_once(
    school: SchoolServer, owner: ClientDesk, make_desk: MakeDesk
) -> None:
    registrar = make_desk()
    set_role(school, owner, Role.SUPPORT)
    owner.network.down = False
    answer = owner.network.handle_async_request
    cuts = itertools.count()

    async def cut_off(request: httpx.Request) -> httpx.Response:
        answered = await answer(request)
        if request.url.path.endswith("/proposals") and next(cuts) == 0:
            raise httpx.ReadError("cut")
        return answered

    owner.network.handle_async_request = cut_off  # type: ignore[method-assign]
    with pytest.raises(CallFailedError):
        owner.sync()
    assert owner.client.status().unknown == 2
    assert owner.sync().handed_over == 2
    assert len(proposals(registrar)) == 2


def test_s23_a_right_that_is_back_sends_the_entries_as_any(
    school: SchoolServer, owner: ClientDesk, make_desk: MakeDesk
) -> None:
    registrar = make_desk()
    set_role(school, owner, Role.SUPPORT)
    set_role(school, owner, Role.REGISTRAR)
    owner.network.down = False
    owner.sync()
    status = owner.sync()
    assert (status.up_to_date, status.handed_over) == (True, 0)
    assert sorted(names(owner)) == [NAME, NAME + "b"]
    assert proposals(registrar) == []


def test_s23_a_right_that_is_back_meanwhile_leaves_nothing_to_decide(
    school: SchoolServer, owner: ClientDesk, make_desk: MakeDesk
) -> None:
    registrar = make_desk()
    set_role(school, owner, Role.VIEWER)
    owner.network.down = False
    dies_at(owner, "client.proposals.before_send")
    set_role(school, owner, Role.REGISTRAR)
    for _ in range(2):
        status = owner.sync()
    assert (status.up_to_date, status.handed_over) == (True, 0)
    registrar.sync()
    assert sorted(names(registrar)) == [NAME, NAME + "b"]
    assert proposals(registrar) == []


def test_s23_the_kept_answers_of_the_server_go_too(school: SchoolServer, owner: ClientDesk) -> None:
    owner.network.down = False
    asyncio.run(_dashboard(owner))
    set_role(school, owner, Role.SUPPORT)
    owner.sync()
    owner.network.down = True
    with pytest.raises(CallFailedError):
        asyncio.run(_dashboard(owner))


async def _dashboard(desk: ClientDesk) -> Any:
    try:
        return await desk.client.dashboard()
    finally:
        await desk.client.aclose()


def test_s23_reading_the_feed_anew_repeats_no_withdrawal_of_long_ago(
    school: SchoolServer, make_desk: MakeDesk, tmp_path: Path
) -> None:
    desk = make_desk(ROLLBOOK_SYNC_PAGE_CHANGES="1")
    set_role(school, desk, Role.SUPPORT)
    set_role(school, desk, Role.REGISTRAR)
    desk.add(given_name="Eleni")
    desk.sync()
    saved = desk.add(given_name="Maria")
    desk.client._engine._pull.read_anew()
    desk.sync()
    assert desk.sync().up_to_date
    assert desk.state(saved) == "applied"
    assert sorted(names(desk)) == ["Eleni", "Maria"]
    assert proposals(desk) == []


def test_s23_a_desk_that_sends_what_the_registrar_has_learns_where_it_is(
    school: SchoolServer, owner: ClientDesk, make_desk: MakeDesk
) -> None:
    registrar = make_desk()
    set_role(school, owner, Role.VIEWER)
    owner.network.down = False
    dies_at(owner, "client.proposals.answered")
    assert len(proposals(registrar)) == 2
    set_role(school, owner, Role.REGISTRAR)
    assert owner.sync().unknown == 2  # it learns that the right is back
    assert owner.sync().handed_over == 2
    for one in proposals(registrar):
        decide(registrar, one["number"], accept=True)
    assert owner.sync().up_to_date
