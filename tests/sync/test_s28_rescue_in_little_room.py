"""A rescue that the disk has no room for: said, begun again at the next start, never taken for done (S28)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rollbook.domain.roles import Role
from rollbook.store import doubt
from rollbook.store.errors import NoRoomToRescueError
from support.client_desk import ClientDesk
from support.school_server import SchoolServer
from support.small_disk import SmallDisk, small_disk

_ENTRIES = 60


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A disk of 8 MiB."""
    with small_disk(tmp_path / "disk", 8 * 1024) as one:
        yield one


@pytest.fixture
def desk(disk: SmallDisk, school: SchoolServer) -> Iterator[ClientDesk]:
    """A computer with entries that wait, whose store was found damaged."""
    one = ClientDesk(school, disk.folder / "data", school.user(Role.REGISTRAR))
    one.sync()
    for number in range(_ENTRIES):
        one.add(given_name=f"Student {number}", address="β" * 500)
    one.close()
    store = one.client.account.store
    with store.open("r+b") as file:
        file.write(b"\0" * 100)
    doubt.note(store)
    yield one
    one.close()


def _opens(desk: ClientDesk) -> bool:
    try:
        desk.crash()
    except NoRoomToRescueError:
        return False
    return True


def test_s28_a_rescue_without_room_is_begun_again_and_loses_nothing(
    disk: SmallDisk, desk: ClientDesk
) -> None:
    store = desk.client.account.store
    damaged = store.read_bytes()
    at_once = []
    for kib in (0, 64, *range(300, 1400, 60)):
        for file in store.parent.glob("store*"):
            file.unlink()
        store.write_bytes(damaged)
        doubt.note(store)
        disk.fill(leaving_kib=kib)
        at_once.append(_opens(desk))
        disk.free()
        assert at_once[-1] or _opens(desk)
        (notice,) = desk.client.status().notices
        assert (notice.kept, notice.lost) == (_ENTRIES, 0), kib
        assert desk.client.status().queued == _ENTRIES, kib
        assert list(store.parent.glob("*rescued*")) == [], kib
    assert {True, False} == set(at_once), "some had room, some had not"
    assert desk.sync().up_to_date
    assert len(desk.shown()) == _ENTRIES
