"""Pushes from before a computer gave up on an answer are refused when they arrive (S7)."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Connection

from rollbook.contract.operations import operation_bytes, push_body
from rollbook.server.auth.caller import Caller
from rollbook.server.problems import ProblemError
from rollbook.server.sync.fence import pass_fence
from support.school_server import Desk, SchoolServer


def push(desk: Desk, fence: int | None, **values: Any) -> Any:
    body = push_body([operation_bytes(desk.create(**values))], {})
    query = "" if fence is None else f"?fence={fence}"
    return desk.call("POST", f"/api/v1/sync/push{query}", content=body)


def test_s7_a_push_from_before_is_refused_whole_and_told_how_far_it_is(school: SchoolServer) -> None:
    desk = school.desk()
    assert [push(desk, fence, given_name="A").status_code for fence in (None, 0, 3, 3)] == [200] * 4
    late = push(desk, 2, given_name="B")
    assert (late.status_code, late.json()["error"]) == (409, "arrived-late")
    assert late.json()["errors"] == [{"field": "fence", "message": "3", "suggestion": "", "code": "passed"}]
    assert len(school.rows("SELECT 1 FROM student WHERE school_id = :school")) == 4
    assert push(school.desk(), 0, given_name="C").status_code == 200  # another's count is another's


@pytest.mark.parametrize("fence", ["-1", "x", "9999999999999999999999"])
def test_s7_nonsense_is_no_count(school: SchoolServer, fence: str) -> None:
    desk = school.desk()
    body = push_body([operation_bytes(desk.create(given_name="A"))], {})
    assert desk.call("POST", f"/api/v1/sync/push?fence={fence}", content=body).status_code == 422


def test_s7_an_older_push_that_is_being_taken_is_waited_for(school: SchoolServer) -> None:
    """Else it could be told what became of an entry, and the older one change that a moment later."""
    desk = school.desk()
    push(desk, 0, given_name="A")
    caller = Caller(desk.session.user_id, "", school.school_id, frozenset())
    held, go, passed = threading.Event(), threading.Event(), threading.Event()

    def older(connection: Connection) -> None:
        pass_fence(connection, caller, desk.device, 0)
        held.set()
        assert go.wait(30)

    def newer(connection: Connection) -> None:
        pass_fence(connection, caller, desk.device, 1)
        passed.set()

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(school.parts.database.write, older)
        assert held.wait(30)
        second = threads.submit(school.parts.database.write, newer)
        assert not passed.wait(0.3)
        go.set()
        first.result(30), second.result(30)
    with pytest.raises(ProblemError, match="arrived-late"):
        school.parts.database.write(lambda connection: pass_fence(connection, caller, desk.device, 0))
