"""What a change of role grants is fetched, and never behind the cursor (S23)."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from rollbook.client.errors import CallFailedError
from rollbook.domain.roles import Role
from support.changing_roles import dies_at, names, set_role
from support.old_records import granted_behind_the_cursor
from support.school_server import SchoolServer
from sync.conftest import MakeDesk


def test_s23_a_grant_fetches_what_there_is(school: SchoolServer, make_desk: MakeDesk) -> None:
    registrar, support = make_desk(), make_desk(school.user(Role.SUPPORT))
    student = registrar.add(given_name="Eleni", phone="1")
    registrar.sync()
    assert support.sync().up_to_date
    assert support.shown() == []
    registrar.change(student.entity_id, phone="2")
    registrar.add(given_name="Maria")
    registrar.sync()
    assert support.sync().up_to_date  # its cursor has passed all of it
    set_role(school, support, Role.REGISTRAR)
    status = support.sync()
    assert (status.up_to_date, status.role) == (True, "registrar")
    assert sorted(names(support)) == ["Eleni", "Maria"]
    assert support.values(student.entity_id)["phone"] == "2"
    support.change(student.entity_id, phone="3")
    support.sync()
    registrar.sync()
    assert registrar.values(student.entity_id)["phone"] == "3"


def _granted_after_a_change(
    school: SchoolServer, make_desk: MakeDesk, plant: Callable[[], object] = lambda: None
) -> Any:
    registrar, support = make_desk(), make_desk(school.user(Role.SUPPORT))
    student = registrar.add(given_name="Eleni", phone="1")
    registrar.sync()
    support.sync()
    registrar.change(student.entity_id, phone="2")
    registrar.sync()
    support.sync()
    set_role(school, support, Role.VIEWER)
    plant()
    support.sync()
    return support.values(student.entity_id)["phone"]


def test_s23_a_grant_is_never_read_behind_the_cursor(school: SchoolServer, make_desk: MakeDesk) -> None:
    assert _granted_after_a_change(school, make_desk) == "2"


def test_s23_a_grant_read_behind_the_cursor_is_noticed_by_that_test(
    school: SchoolServer, make_desk: MakeDesk
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        found = _granted_after_a_change(
            school, make_desk, lambda: granted_behind_the_cursor(patch, lambda head: head - 2)
        )
        assert found == "1"


def test_s23_a_row_that_changed_between_does_not_go_back(school: SchoolServer, make_desk: MakeDesk) -> None:
    registrar, support = make_desk(), make_desk(school.user(Role.SUPPORT))
    student = registrar.add(given_name="Eleni", phone="1")
    registrar.sync()
    support.sync()
    set_role(school, support, Role.VIEWER)
    read = support.client._api.snapshot_page

    async def changed_on_the_way(*asked: Any) -> Any:
        support.client._api.snapshot_page = read  # type: ignore[method-assign]
        page = await read(*asked)
        await asyncio.to_thread(lambda: (registrar.change(student.entity_id, phone="2"), registrar.sync()))
        await support.client._engine._pull.run()  # the feed brings the newer one first
        return page

    support.client._api.snapshot_page = changed_on_the_way  # type: ignore[method-assign]
    support.sync()
    assert support.values(student.entity_id)["phone"] == "2"


def test_s23_a_grant_goes_on_where_it_was_cut(school: SchoolServer, make_desk: MakeDesk) -> None:
    registrar = make_desk()
    support = make_desk(school.user(Role.SUPPORT), ROLLBOOK_SYNC_SNAPSHOT_ROWS="2")
    for number in range(5):
        registrar.add(given_name=f"G{number}")
    registrar.sync()
    support.sync()
    set_role(school, support, Role.VIEWER)
    dies_at(support, "client.granted.before_commit")
    assert "records_coming" in support.client.status().outstanding
    asked: list[str] = []
    read = support.client._api.snapshot_page

    async def watched(entity: str, after: str, *rest: Any) -> Any:
        if entity == "student":
            asked.append(after)
        if len(asked) == 2:
            raise CallFailedError(kind=_transient(), code="unreachable")
        return await read(entity, after, *rest)

    support.client._api.snapshot_page = watched  # type: ignore[method-assign]
    with pytest.raises(CallFailedError):
        support.sync()
    assert not support.client.status().up_to_date
    assert len(support.shown()) == 2
    assert support.sync().up_to_date
    assert len(support.shown()) == 5
    assert asked[1] == asked[2]


def _transient() -> Any:
    from rollbook.resilience.failures import FailureKind

    return FailureKind.TRANSIENT


def test_s23_a_first_sync_that_loses_its_right_goes_on(school: SchoolServer, make_desk: MakeDesk) -> None:
    registrar, viewer = make_desk(), make_desk(school.user(Role.VIEWER))
    registrar.add(given_name="Eleni")
    registrar.sync()
    plan = viewer.client._api.snapshot_plan

    async def withdrawn_after_it() -> Any:
        found = await plan()
        await asyncio.to_thread(set_role, school, viewer, Role.SUPPORT)
        return found

    viewer.client._api.snapshot_plan = withdrawn_after_it  # type: ignore[method-assign]
    assert viewer.sync().up_to_date
    assert viewer.shown() == []
