"""What no server gives again is saved from a damaged store, whatever table it lies in (S28)."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from rollbook.client.errors import CallFailedError
from rollbook.client.values import Edit, Saved
from rollbook.domain import checkpoints
from rollbook.domain.roles import Role
from support.changing_roles import bytes_on_disk, proposals, set_role
from support.client_desk import ClientDesk
from support.damaging import no_first_page, no_header, no_root
from support.putting_back import FileBackup
from support.school_server import SchoolServer

from .conftest import MakeDesk

PNG = b"\x89PNG\r\n\x1a\n" + os.urandom(300_000)
Damage = Callable[[Path], None]


class Gone(BaseException):
    """The process ends here."""


def _store(desk: ClientDesk) -> Path:
    return desk.client.account.store


def _start_damaged(desk: ClientDesk, damage: Damage) -> None:
    desk.close()
    damage(_store(desk))
    desk.crash()


def _dies_at(point: str) -> None:
    def die(passed: str) -> None:
        if passed == point:
            raise Gone

    checkpoints.observe(die)


def _names(school: SchoolServer) -> list[str]:
    query = "SELECT given_name FROM student WHERE school_id = :school ORDER BY given_name"
    return [row[0] for row in school.rows(query)]


@pytest.mark.parametrize("damage", [no_header, no_first_page], ids=lambda each: str(each.__name__))
def test_s28_an_import_that_a_crash_has_cut_is_saved_and_counted(
    desk: ClientDesk, school: SchoolServer, damage: Damage
) -> None:
    edits = [Edit("student", None, {"given_name": f"Student {number:03}"}) for number in range(600)]
    _dies_at("client.save_many.part")
    with pytest.raises(Gone):
        desk.client.save_many(edits, desk.client.new_run())
    checkpoints.observe(None)
    _start_damaged(desk, damage)
    (notice,) = desk.client.status().notices
    assert (notice.kept, notice.lost) == (600, 0)
    assert desk.sync().up_to_date
    assert _names(school) == [f"Student {number:03}" for number in range(600)]


def test_s28_a_lost_part_of_an_import_is_told(desk: ClientDesk) -> None:
    edits = [Edit("student", None, {"given_name": f"Student {number:03}"}) for number in range(600)]
    _dies_at("client.save_many.kept")
    with pytest.raises(Gone):
        desk.client.save_many(edits, desk.client.new_run())
    checkpoints.observe(None)
    _start_damaged(desk, lambda file: no_root(file, "staged"))
    (notice,) = desk.client.status().notices
    assert notice.lost > 0 or notice.kept == 600
    assert notice.kept < 600 or notice.whole


@pytest.mark.parametrize("damage", [no_header, no_first_page], ids=lambda each: str(each.__name__))
def test_s28_a_photo_that_waits_is_saved_with_its_entry(
    desk: ClientDesk, make_desk: MakeDesk, damage: Damage
) -> None:
    student = desk.add(given_name="Ελένη").entity_id
    desk.client.attach("student", student, "photo", PNG)
    _start_damaged(desk, damage)
    assert desk.sync().up_to_date
    other = make_desk()
    other.sync()
    assert asyncio.run(other.client.file("student", student, "photo")) == PNG


def test_s28_numbers_that_were_given_out_are_not_given_again(desk: ClientDesk) -> None:
    before = desk.sql("SELECT value, used_by FROM number ORDER BY position")
    assert before
    for damage in (no_header, no_first_page):
        _start_damaged(desk, damage)
        assert desk.sql("SELECT value, used_by FROM number ORDER BY position") == before


def _lost_by_the_server(school: SchoolServer, desk: ClientDesk) -> list[Saved]:
    """Entries that were acknowledged before the server was put back to a copy without them."""
    copy = FileBackup(school).take()
    saved = [desk.add(given_name=f"Student {number:02}") for number in range(20)]
    assert desk.sync().up_to_date
    FileBackup(school).put_back(copy)
    return saved


def _all_are_back(school: SchoolServer, desk: ClientDesk, saved: list[Saved]) -> None:
    assert desk.sync().up_to_date
    assert _names(school) == [f"Student {number:02}" for number in range(20)]
    assert {desk.state(each) for each in saved} == {"applied"}


@pytest.mark.parametrize("damage", [no_header, no_first_page], ids=lambda each: str(each.__name__))
def test_s28_a_store_damaged_while_the_server_gets_back_what_it_lost_goes_on_giving(
    school: SchoolServer, desk: ClientDesk, damage: Damage
) -> None:
    saved = _lost_by_the_server(school, desk)
    _dies_at("client.recovery.found")
    with pytest.raises(Gone):
        desk.sync()
    checkpoints.observe(None)
    assert desk.state(saved[0]) == "giving_back"
    _start_damaged(desk, damage)
    assert desk.client.status().put_back
    _all_are_back(school, desk, saved)


@pytest.mark.parametrize("damage", [no_header, no_first_page], ids=lambda each: str(each.__name__))
def test_s28_a_server_put_back_before_a_damaged_store_meets_it_again_gets_back_what_it_lost(
    school: SchoolServer, desk: ClientDesk, damage: Damage
) -> None:
    saved = _lost_by_the_server(school, desk)
    _start_damaged(desk, damage)
    _all_are_back(school, desk, saved)


@pytest.mark.parametrize("damage", [no_header, no_first_page], ids=lambda each: str(each.__name__))
def test_s28_entries_on_what_was_withdrawn_go_to_the_registrar_after_a_rescue_too(
    school: SchoolServer, make_desk: MakeDesk, damage: Damage
) -> None:
    registrar, owner = make_desk(), make_desk()
    student = owner.add(given_name="Ελένη")
    owner.sync()
    owner.network.down = True
    owner.change(student.entity_id, phone="2310")
    with pytest.raises(CallFailedError):
        owner.sync()
    owner.network.down = False
    set_role(school, owner, Role.SUPPORT)
    _dies_at("client.proposals.before_send")
    with pytest.raises(Gone):
        owner.sync()
    checkpoints.observe(None)
    _start_damaged(owner, damage)
    assert owner.sync().handed_over == 1
    assert len(proposals(registrar)) == 1
    assert owner.shown() == []


def test_s28_a_rescue_that_dies_before_its_store_is_finished_is_made_anew(desk: ClientDesk) -> None:
    saved = desk.add(given_name="Nikos")
    desk.close()
    no_header(_store(desk))
    _dies_at("rescue.made")
    with pytest.raises(Gone):
        desk.crash()
    checkpoints.observe(None)
    assert list(_store(desk).parent.glob("*.part")), "it was half made"
    desk.crash()
    assert desk.state(saved) == "queued"
    assert not list(_store(desk).parent.glob("*rescued*"))
    assert len(desk.client.status().notices) == 1


def test_s28_a_store_set_aside_is_wiped_when_what_it_holds_is_withdrawn(
    school: SchoolServer, make_desk: MakeDesk
) -> None:
    owner = make_desk()
    owner.add(given_name="Zyxwvutia")
    owner.sync()
    _start_damaged(owner, lambda file: no_root(file, "student"))
    assert owner.client.status().notices[0].whole
    owner.sync()
    assert b"Zyxwvutia" in bytes_on_disk(owner), "kept, until then"
    set_role(school, owner, Role.SUPPORT)
    owner.sync()
    assert b"Zyxwvutia" not in bytes_on_disk(owner)


def test_s28_a_store_set_aside_of_which_entries_are_lost_stays_until_that_is_read(
    school: SchoolServer, make_desk: MakeDesk
) -> None:
    owner = make_desk()
    owner.add(given_name="Zyxwvutia")
    owner.sync()
    _start_damaged(owner, lambda file: no_root(file, "operation"))
    (notice,) = owner.client.status().notices
    assert notice.lost
    set_role(school, owner, Role.SUPPORT)
    owner.sync()
    assert Path(notice.aside).exists()
    owner.client.notices_seen()
    owner.crash()
    owner.sync()
    assert b"Zyxwvutia" not in bytes_on_disk(owner)
