"""Full batches follow each other before the results of the one before are stored (S3, S4, S8, S9)."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from rollbook.contract.operations import Operation, PushRequest
from rollbook.domain import checkpoints
from rollbook.resilience.failures import CallFailedError
from rollbook.store.errors import StoreFullError
from support.client_desk import ClientDesk
from support.school_server import SchoolServer

ARCHIVED = "SELECT given_name FROM student WHERE school_id = :school AND deleted_at IS NOT NULL"
FEED = "SELECT count(*) FROM feed WHERE school_id = :school AND entity = 'student'"


@pytest.fixture
def small(make_desk: Callable[..., ClientDesk]) -> ClientDesk:
    """A computer that sends three entries at once, with ten students, each entered and then archived."""
    desk = make_desk(ROLLBOOK_SYNC_PUSH_OPERATIONS="3")
    desk.sync()
    for number in range(10):
        desk.client.archive("student", desk.add(given_name=str(number)).entity_id)
    return desk


@pytest.fixture
def at_point() -> Iterator[Callable[[str, BaseException], None]]:
    """Has an error raised the first time that a point is passed."""

    def raising(point: str, error: BaseException) -> None:
        left = [error]

        def observer(passed: str) -> None:
            if passed == point and left:
                raise left.pop()

        checkpoints.observe(observer)

    yield raising
    checkpoints.observe(None)


def test_s4_no_lane_is_in_two_batches_that_are_on_their_way(school: SchoolServer, small: ClientDesk) -> None:
    together = _Watched(small)
    small.network.handle_async_request = together.handle  # type: ignore[method-assign]
    assert small.sync().up_to_date
    assert any(together.beside)  # else nothing overlapped
    assert not any(mine & others for mine, others in zip(together.mine, together.beside, strict=True))
    assert len(school.rows(ARCHIVED)) == 10
    assert school.rows(FEED) == [(20,)]


@pytest.mark.parametrize("fault", ["drop before send", "drop after commit", "truncated", "portal"])
def test_s9_what_is_cut_in_the_midst_of_a_stream_goes_once(
    school: SchoolServer, small: ClientDesk, fault: str
) -> None:
    small.network.faults = ["", fault]
    with pytest.raises(CallFailedError):
        small.sync()
    states = {row[0] for row in small.sql("SELECT DISTINCT state FROM operation")}
    assert states == {"applied", "queued", *(["unknown"] if fault != "drop before send" else [])}
    assert small.sql("SELECT count(*) FROM operation WHERE state = 'unknown'")[0][0] in (0, 3)
    assert small.sync().up_to_date
    assert len(school.rows(ARCHIVED)) == 10
    assert school.rows(FEED) == [(20,)]


@pytest.mark.parametrize("point", ["client.settle.before_commit", "client.push.answered"])
def test_s3_a_disk_full_while_the_next_batch_is_on_its_way_loses_and_doubles_nothing(
    school: SchoolServer, small: ClientDesk, at_point: Callable[[str, BaseException], None], point: str
) -> None:
    at_point(point, StoreFullError("no room"))
    with pytest.raises(StoreFullError):
        small.sync()
    assert not small.client.status().up_to_date
    assert small.sync().up_to_date
    assert len(school.rows(ARCHIVED)) == 10
    assert school.rows(FEED) == [(20,)]


class _Watched:
    """The lanes of each push as it goes, and those of what else is on its way in the store then."""

    def __init__(self, desk: ClientDesk) -> None:
        self._pass_on = desk.network.handle_async_request
        self._store = Path(desk.client.account.store)
        self.mine: list[set[str]] = []
        self.beside: list[set[str]] = []

    async def handle(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/sync/push"):
            body = msgspec.json.decode(await request.aread(), type=PushRequest)
            going = [msgspec.json.decode(raw, type=Operation) for raw in body.operations]
            self.mine.append({lane for each in going for lane in each.lanes})
            mine = {each.op_id for each in going}
            self.beside.append({lane for op_id, lane in self._on_their_way() if op_id not in mine})
        return await self._pass_on(request)

    def _on_their_way(self) -> list[tuple[str, str]]:
        query = (
            "SELECT op_id, lane FROM operation JOIN operation_lane USING (sequence) WHERE state = 'sending'"
        )
        with sqlite3.connect(self._store) as connection:
            return connection.execute(query).fetchall()
