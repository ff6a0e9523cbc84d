"""A photo goes where its entry goes: back to a school that lost it, or to the registrar (S22, S23, S31)."""

import asyncio
import os

import pytest

from rollbook.client.errors import CallFailedError
from rollbook.domain.files import CHUNK_BYTES, divided
from rollbook.domain.roles import Role
from support.changing_roles import bytes_on_disk, decide, dies_at, proposals, set_role
from support.putting_back import FileBackup
from support.school_server import SchoolServer
from sync.conftest import MakeDesk

PNG = b"\x89PNG\r\n\x1a\n" + os.urandom(2 * CHUNK_BYTES)
VALUE, CHUNKS = divided(PNG)


def _chunks_at(school: SchoolServer) -> int:
    return int(school.rows("SELECT count(*) FROM file_chunk WHERE school_id = :school")[0][0])


def test_s22_a_photo_made_after_the_backup_comes_back_with_its_entry(
    school: SchoolServer, make_desk: MakeDesk, backup: FileBackup
) -> None:
    desk, other = make_desk(ROLLBOOK_SYNC_FILE_CACHE_BYTES="1"), make_desk()
    desk.sync()
    copy = backup.take()
    student = desk.photographed(PNG)
    assert desk.sync().up_to_date
    backup.put_back(copy)
    assert _chunks_at(school) == 0
    assert desk.sync().up_to_date
    other.sync()
    assert other.photo(student) == PNG


@pytest.mark.parametrize("role", [Role.REGISTRAR, Role.VIEWER])
def test_s22_a_photo_comes_back_from_whoever_has_seen_it(
    school: SchoolServer, make_desk: MakeDesk, backup: FileBackup, role: Role
) -> None:
    dead, witness, other = make_desk(), make_desk(school.user(role)), make_desk()
    dead.sync(), witness.sync()
    copy = backup.take()
    student = dead.photographed(PNG)
    dead.sync(), witness.sync()
    assert witness.photo(student) == PNG
    backup.put_back(copy)
    assert witness.sync().up_to_date
    other.sync()
    assert other.photo(student) == PNG


def test_s22_cut_between_the_chunks_of_a_photo_it_goes_on(
    school: SchoolServer, make_desk: MakeDesk, backup: FileBackup
) -> None:
    dead, witness, other = make_desk(), make_desk(school.user(Role.VIEWER)), make_desk()
    dead.sync(), witness.sync()
    copy = backup.take()
    student = dead.photographed(PNG)
    dead.sync(), witness.sync()
    witness.photo(student)
    backup.put_back(copy)
    for already in (1, 2):
        dies_at(witness, "client.files.chunk_sent")
        assert _chunks_at(school) == already
    assert witness.sync().up_to_date
    other.sync()
    assert other.photo(student) == PNG


def test_s22_while_a_version_waits_the_school_is_not_asked_for_files_at_each_round(
    school: SchoolServer, make_desk: MakeDesk, backup: FileBackup
) -> None:
    dead, desk, later = make_desk(), make_desk(), school.user()
    student = dead.photographed(PNG)
    dead.sync(), desk.sync()
    copy = backup.take()
    dead.change(student, phone="1")
    dead.sync()
    witness = make_desk(later)
    witness.sync()  # it reads the record, without the change before it
    witness.photo(student)
    witness.change(student, homeroom="4b")
    witness.sync()
    backup.put_back(copy)
    assert witness.sync().giving_back == 1  # its change waits for the one before it
    witness.network.paths.clear()
    for _round in range(2):
        assert witness.sync().giving_back == 1
    assert not [path for path in witness.network.paths if "/files/" in path]


def test_s22_who_may_not_write_sends_no_file_but_what_the_school_waits_for(
    school: SchoolServer, make_desk: MakeDesk
) -> None:
    viewer = make_desk(school.user(Role.VIEWER))
    viewer.sync()
    name, content = next(iter(CHUNKS.items()))

    async def ask() -> list[str]:
        api = viewer.client._api  # the window gives no way to do this
        try:
            for of in ("", VALUE.manifest, name):
                with pytest.raises(CallFailedError, match=r"may not|permission|allow"):
                    await api.put_chunk(name, content, of)
            return await api.missing_chunks(list(CHUNKS))
        finally:
            await viewer.client.aclose()

    assert asyncio.run(ask()) == []
    assert _chunks_at(school) == 0


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT])
@pytest.mark.parametrize("point", ["", "client.files.chunk_sent", "client.proposals.before_commit"])
def test_s23_a_photo_goes_to_the_registrar_with_its_entry(
    school: SchoolServer, make_desk: MakeDesk, role: Role, point: str
) -> None:
    desk, registrar = make_desk(), make_desk()
    desk.sync()
    student = desk.add(given_name="Eleni").entity_id
    desk.sync()
    desk.client.attach("student", student, "photo", PNG)
    set_role(school, desk, role)
    if point:
        dies_at(desk, point)
        assert {entry.state for entry in desk.client.entries()} <= {"sending", "unknown"}
    status = desk.sync()
    assert (status.handed_over, status.waiting, status.needs_you) == (1, 0, 0)
    for part in CHUNKS.values() if role is Role.SUPPORT else ():
        assert part[:1000] not in bytes_on_disk(desk)
    [proposal] = proposals(registrar)
    decide(registrar, proposal["number"], accept=True)
    registrar.sync()
    assert registrar.photo(student) == PNG


def test_s23_a_photo_that_the_school_has_no_room_for_keeps_its_entry_here(
    school: SchoolServer, make_desk: MakeDesk
) -> None:
    desk = make_desk()
    student = desk.add(given_name="Eleni").entity_id
    desk.sync()
    desk.client.attach("student", student, "photo", PNG)
    set_role(school, desk, Role.VIEWER)
    with school.with_settings(file_quota_bytes=10):
        status = desk.sync()
    assert (status.handed_over, status.failed) == (0, 1)
    assert not status.up_to_date
    assert desk.sync().handed_over == 1
    assert _chunks_at(school) == len(CHUNKS)
