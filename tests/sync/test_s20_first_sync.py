"""The first sync (S20): by snapshot, resumable, with its size told, and the window in use all the while."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import pytest

from rollbook.client.values import Edit, RecordQuery
from support.client_desk import ClientDesk
from support.school_server import SchoolServer
from sync.conftest import MakeDesk

_SMALL_PAGES = {"ROLLBOOK_SYNC_SNAPSHOT_ROWS": "100"}


@dataclass
class _Watched(httpx.AsyncBaseTransport):
    """Notes each request; ``before`` is called with its path and may do as a person would meanwhile."""

    inner: httpx.AsyncBaseTransport
    before: Callable[[str], None] = lambda _path: None
    asked: list[str] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1/sync/")
        self.asked.append(path)
        self.before(path)
        return await self.inner.handle_async_request(request)


@pytest.fixture
def pupils(school: SchoolServer) -> list[str]:
    """450 students at the school, in the order of their ids."""
    desk = school.desk()
    made = [
        desk.create(given_name=f"Given{number}", family_name=f"Family{number:03}") for number in range(450)
    ]
    assert {result.outcome for result in desk.push(*made)} == {"applied"}
    return sorted(operation.entity_id for operation in made)


def _watch(desk: ClientDesk) -> _Watched:
    watched = _Watched(desk.network._inner)
    desk.network._inner = watched  # type: ignore[assignment]
    return watched


def test_s20_the_first_sync_reads_the_records_and_not_the_feed(
    make_desk: MakeDesk, pupils: list[str], school: SchoolServer
) -> None:
    desk = make_desk(**_SMALL_PAGES)
    watched = _watch(desk)
    status = desk.sync()
    assert (status.up_to_date, status.records) == (True, 450)
    asked = [path for path in watched.asked if path.split("/")[0] in ("snapshot", "changes")]
    assert asked[:2] == ["snapshot", "snapshot/school"]
    assert 2 < asked.count("snapshot/student") < 6  # they grow
    assert asked[-1] == "changes"
    assert asked.count("changes") == 1
    assert desk.sql("SELECT id, version FROM student ORDER BY id") == [(pupil, 1) for pupil in pupils]
    assert desk.client.verify() == []


def test_s20_what_others_change_meanwhile_is_here_at_the_end(
    make_desk: MakeDesk, pupils: list[str], school: SchoolServer
) -> None:
    desk, colleague = make_desk(**_SMALL_PAGES), school.desk()
    watched = _watch(desk)
    added: list[str] = []

    def meanwhile(path: str) -> None:
        if path == "snapshot/student" and not added:
            # One that has been read, one that has not, and a new one with an id behind them all.
            colleague.push(colleague.update(pupils[0], 1, phone=(None, "1")))
            colleague.push(colleague.archive(pupils[-1], 1))
            operation = colleague.create("ffffffff-ffff-4fff-bfff-ffffffffffff", given_name="New")
            colleague.push(operation)
            added.append(operation.entity_id)

    watched.before = lambda path: _in_a_thread(lambda: meanwhile(path))
    assert desk.sync().up_to_date
    assert (desk.values(pupils[0])["phone"], desk.values(added[0])["given_name"]) == ("1", "New")
    assert desk.sql(f"SELECT deleted, version FROM student WHERE id = '{pupils[-1]}'") == [(1, 2)]
    assert desk.client.status().records == 450


def _in_a_thread(work: Callable[[], None]) -> None:
    """Calls of the server run a loop of their own."""
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_s20_list_search_and_save_go_on_while_it_runs(make_desk: MakeDesk, pupils: list[str]) -> None:
    desk = make_desk(**_SMALL_PAGES)
    watched = _watch(desk)
    seen: list[tuple[int, int, int]] = []

    def use(path: str) -> None:
        here = desk.client.records(RecordQuery()).total
        found = desk.client.records(RecordQuery(text="family")).total
        pulled = desk.client.status().pulled
        if here:
            row = desk.client.records(RecordQuery(sort="student_number", limit=1)).rows[0]
            desk.client.save(Edit("student", row.id, {"phone": str(len(seen))}))
        seen.append((here, found, pulled))

    watched.before = lambda path: use(path) if path.startswith("snapshot/student") else None
    status = desk.sync()
    assert any(0 < here < 450 for here, _found, _pulled in seen)
    assert all(here == found for here, found, _pulled in seen)  # what is here is found, and nothing else
    assert [pulled for *_, pulled in seen] == sorted(pulled for *_, pulled in seen)
    assert status.queued > 0
    assert desk.sync().up_to_date
    assert desk.client.verify() == []


def test_s20_an_edit_saved_while_it_runs_is_sent_while_it_runs(
    make_desk: MakeDesk, pupils: list[str], school: SchoolServer
) -> None:
    desk = make_desk(**_SMALL_PAGES)
    watched = _watch(desk)

    def save(path: str) -> None:
        if path == "snapshot/student" and watched.asked.count(path) == 2:
            desk.add(given_name="Meanwhile")

    watched.before = save
    asyncio.run(_run_until(desk, lambda: desk.client.status().up_to_date))
    pushed = watched.asked.index("push")
    assert "snapshot/student" in watched.asked[pushed:]
    assert school.rows("SELECT count(*) FROM student WHERE school_id = :school") == [(451,)]


async def _run_until(desk: ClientDesk, true: Callable[[], bool]) -> None:
    engine = asyncio.create_task(desk.client.run())
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.02)
    engine.cancel()
    await asyncio.gather(engine, return_exceptions=True)
    await desk.client.aclose()


def test_s20_cut_in_the_middle_it_goes_on_where_it_was(make_desk: MakeDesk, pupils: list[str]) -> None:
    desk = make_desk(**_SMALL_PAGES)
    watched = _watch(desk)

    def cut(path: str) -> None:
        if path == "snapshot/student" and watched.asked.count(path) >= 3:
            raise httpx.ConnectError("cut")

    watched.before = cut
    with pytest.raises(Exception, match="cannot be reached"):
        desk.sync()
    desk.crash()
    [(taken, after)] = desk.sql("SELECT taken, after FROM filling WHERE entity = 'student'")
    assert taken > 0
    assert after == pupils[taken - 1]
    assert "not_pulled" in desk.client.status().outstanding
    watched.before, watched.asked = lambda _path: None, []
    assert desk.sync().up_to_date
    assert "snapshot" not in watched.asked  # the plan, and its cursor, are still the same
    assert desk.client.status().records == 450


def test_s20_all_indexes_are_there_when_it_is_done(make_desk: MakeDesk, pupils: list[str]) -> None:
    desk = make_desk(**_SMALL_PAGES)
    indexes = "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'student' ORDER BY name"
    before = desk.sql(indexes)
    watched = _watch(desk)
    during: list[int] = []
    watched.before = lambda _path: during.append(len(desk.sql(indexes)))
    desk.sync()
    assert min(during) < len(before)
    assert desk.sql(indexes) == before
    assert desk.sql("SELECT * FROM filling") == []


def test_s20_a_second_look_at_the_store_meanwhile_leaves_the_indexes_alone(
    make_desk: MakeDesk, pupils: list[str]
) -> None:
    desk = make_desk(**_SMALL_PAGES)
    watched = _watch(desk)

    def cut(path: str) -> None:
        if path == "snapshot/student":
            raise httpx.ConnectError("cut")

    watched.before = cut
    with pytest.raises(Exception, match="cannot be reached"):
        desk.sync()
    indexes = "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND tbl_name = 'student'"
    few = desk.sql(indexes)
    desk.crash()  # opens the store anew
    assert desk.sql(indexes) == few
    assert not list(desk.client.account.folder.glob("*before-upgrade*"))
