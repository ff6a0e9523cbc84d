"""A disk that is really full or read-only: nothing is lost, reading goes on, and it is said (S28)."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from rollbook.client.errors import StoreError
from rollbook.domain.roles import Role
from rollbook.store.credentials import StoredCredentials
from rollbook.store.errors import StoreFullError, StoreReadOnlyError
from support.client_desk import ClientDesk
from support.school_server import SchoolServer
from support.small_disk import SmallDisk, small_disk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A disk of 4 MiB."""
    with small_disk(tmp_path / "disk") as one:
        yield one


@pytest.fixture
def desk(disk: SmallDisk, school: SchoolServer) -> Iterator[ClientDesk]:
    """A computer whose data lie on it, in sync with a school of one student."""
    one = ClientDesk(school, disk.folder / "data", school.user(Role.REGISTRAR))
    one.add(given_name="Ελένη")
    assert one.sync().up_to_date
    yield one
    one.close()


def _fill_by_saving(desk: ClientDesk) -> int:
    for saved in range(20_000):
        try:
            desk.add(given_name=f"Student {saved}", address="x" * 400)
        except StoreFullError:
            return saved
    raise AssertionError("the disk never was full")


def test_s28_a_save_on_a_full_disk_is_refused_whole_and_what_was_saved_is_there(
    disk: SmallDisk, desk: ClientDesk
) -> None:
    disk.fill()
    saved = _fill_by_saving(desk)
    status = desk.client.status()
    assert (status.queued, len(desk.shown()), status.up_to_date) == (saved, saved + 1, False)
    assert "store_full" in status.outstanding
    disk.free()
    assert desk.sync().up_to_date
    assert len(desk.shown()) == saved + 1


def test_s28_a_full_disk_is_opened_for_reading_and_written_once_there_is_room(
    disk: SmallDisk, desk: ClientDesk
) -> None:
    waiting = desk.add(given_name="Nikos")
    desk.close()
    disk.fill()
    desk.crash()
    assert [each["given_name"] for each in desk.shown()] == ["Nikos", "Ελένη"]
    assert desk.state(waiting) == "queued"
    with pytest.raises(StoreFullError):
        desk.add(given_name="Too many")
    assert "store_full" in desk.client.status().outstanding
    with contextlib.suppress(StoreError):
        desk.sync()
    disk.free()
    assert desk.sync().up_to_date
    assert desk.state(waiting) == "applied"


def test_s28_what_a_crash_left_in_the_log_is_read_on_a_full_disk(
    disk: SmallDisk, school: SchoolServer
) -> None:
    desk = ClientDesk(school, disk.folder / "data", school.user(Role.REGISTRAR))
    desk.add(given_name="In the log alone")
    store = desk.client.account.store
    log = store.with_name(store.name + "-wal")
    left = {file: file.read_bytes() for file in (store, log)}
    desk.close()
    for file, content in left.items():
        file.write_bytes(content)  # as a kill leaves them
    disk.fill()
    desk.crash()
    assert [each["given_name"] for each in desk.shown()] == ["In the log alone"]
    desk.close()


def test_s28_a_disk_that_fills_in_the_middle_of_a_pull_goes_on_where_it_was(
    disk: SmallDisk, desk: ClientDesk, school: SchoolServer, tmp_path: Path
) -> None:
    other = ClientDesk(school, tmp_path / "other", school.user(Role.REGISTRAR))
    for number in range(300):
        other.add(given_name=f"Student {number}", address="x" * 400)
    other.sync()
    other.close()
    disk.fill()
    with pytest.raises(StoreFullError):
        desk.sync()
    assert (len(desk.shown()), desk.client.status().up_to_date) == (1, False)
    disk.free()
    assert desk.sync().up_to_date
    assert len(desk.shown()) == 301


def test_s28_the_engine_lives_through_a_full_disk_and_sends_when_there_is_room(
    disk: SmallDisk, desk: ClientDesk
) -> None:
    waiting = desk.add(given_name="Nikos")
    disk.fill()

    async def live() -> None:
        engine = asyncio.create_task(desk.client.run())
        await asyncio.sleep(0.5)
        assert not engine.done(), engine.exception()
        assert desk.state(waiting) == "queued"
        disk.free()
        desk.client.wake(hurry=True)
        async with asyncio.timeout(20):
            while desk.state(waiting) != "applied":
                await asyncio.sleep(0.05)
        engine.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await engine
        await desk.client.aclose()

    asyncio.run(live())


def test_s28_a_token_renewed_on_a_full_disk_is_kept_and_nobody_is_signed_out(
    disk: SmallDisk, desk: ClientDesk
) -> None:
    disk.fill()

    async def renew() -> None:
        await desk.client._api.refresh()
        await desk.client._api.refresh()
        await desk.client.aclose()

    asyncio.run(renew())
    held = desk.client._engine._api._session._credentials
    kept = StoredCredentials(desk.client.account.folder, use_keyring=False)
    assert (kept.access_token(), kept.refresh_token()) == (held.access_token(), held.refresh_token())
    desk.crash()
    disk.free()
    assert desk.sync().connection == "online"


def test_s28_a_token_that_cannot_be_written_holds_and_is_written_later(disk: SmallDisk) -> None:
    kept = StoredCredentials(disk.folder, use_keyring=False)
    kept.save("first", "r1")
    disk.read_only()
    kept.save("second", "r2")
    kept.reload()
    assert kept.access_token() == "second", "the first is used up at the server"
    disk.read_only(False)
    kept.access_token()
    assert StoredCredentials(disk.folder, use_keyring=False).refresh_token() == "r2"


def test_s28_a_read_only_folder_is_read_and_says_so(disk: SmallDisk, desk: ClientDesk) -> None:
    desk.close()
    disk.read_only()
    desk.crash()
    assert [each["given_name"] for each in desk.shown()] == ["Ελένη"]
    with pytest.raises(StoreReadOnlyError, match="writable"):
        desk.add(given_name="Nikos")
    assert "store_read_only" in desk.client.status().outstanding
    with pytest.raises(StoreReadOnlyError):
        desk.sync()
    disk.read_only(False)
    desk.add(given_name="Nikos")
    assert desk.sync().up_to_date
