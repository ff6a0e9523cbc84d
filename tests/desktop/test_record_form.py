"""W11, S13: the form over the real store: errors at the field, nothing typed lost, only changes sent."""

from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from rollbook.client.facade import Client
from rollbook.client.values import Edit, Saved
from rollbook.domain.roles import Right
from rollbook_desktop.bootstrap import may
from rollbook_desktop.viewmodels.desk import Desk
from rollbook_desktop.viewmodels.record_form import RecordForm
from support.desk import change, student


@pytest.fixture
def hana(client: Client) -> Saved:
    """A student."""
    return student(client, "Haddad", "Hana", phone="+30 210 1")


@pytest.fixture
def form(qtbot: QtBot, desk: Desk, hana: Saved) -> RecordForm:
    """The student's form, open."""
    desk.student_form.open(hana.entity_id)
    qtbot.waitUntil(lambda: desk.student_form.is_open)
    return desk.student_form


@pytest.fixture
def edits(client: Client, monkeypatch: pytest.MonkeyPatch) -> list[Edit]:
    """Every edit that reaches the client, which goes on as it is."""
    seen: list[Edit] = []
    save = client.save

    def noted(edit: Edit) -> Saved:
        seen.append(edit)
        return save(edit)

    monkeypatch.setattr(client, "save", noted)
    return seen


def here(client: Client, saved: Saved) -> dict[str, Any]:
    """The student's values on this computer."""
    row = client.record("student", saved.entity_id)
    assert row is not None
    return row.values


def test_s13_only_changed_fields_go_with_what_was_seen(
    qtbot: QtBot, form: RecordForm, client: Client, hana: Saved, edits: list[Edit]
) -> None:
    form.edit("phone", "+30 210 2")
    form.edit("email", "x@example.org")
    form.edit("email", "")
    form.save()
    qtbot.waitUntil(lambda: not form.is_dirty)
    (edit,) = edits
    assert edit.changes == {"phone": "+30 210 2"}
    assert edit.seen is not None
    assert edit.seen["phone"] == "+30 210 1"
    assert here(client, hana)["phone"] == "+30 210 2"


def test_s13_what_was_seen_stays_what_the_person_saw(
    qtbot: QtBot, form: RecordForm, client: Client, hana: Saved, edits: list[Edit]
) -> None:
    form.edit("phone", "+30 210 2")
    change(client, hana, phone="+30 210 9")
    qtbot.waitUntil(lambda: form.changed_meanwhile == ("phone",))
    form.save()
    qtbot.waitUntil(lambda: not form.is_dirty)
    assert edits[-1].seen is not None
    assert edits[-1].seen["phone"] == "+30 210 1"


def test_w11_a_refresh_takes_nothing_that_was_typed(
    qtbot: QtBot, form: RecordForm, client: Client, hana: Saved
) -> None:
    form.edit("phone", "+30 210 half-typ")
    refreshed: list[set[str]] = []
    form.refreshed.connect(refreshed.append)
    change(client, hana, email="hana@example.org")
    qtbot.waitUntil(lambda: bool(refreshed))
    assert refreshed == [{"email"}]
    assert form.text_of("email") == "hana@example.org"
    assert form.text_of("phone") == "+30 210 half-typ"


def test_w11_wrong_values_are_told_by_field_and_nothing_is_stored_or_lost(
    qtbot: QtBot, form: RecordForm, client: Client, hana: Saved
) -> None:
    form.edit("birth_date", "2014-02-31")
    form.edit("email", "nonsense")
    form.save()
    qtbot.waitUntil(lambda: bool(form.errors))
    assert set(form.errors) == {"birth_date", "email"}
    assert "2014-02-28" in " ".join(form.errors["birth_date"])
    assert form.text_of("birth_date") == "2014-02-31"
    assert here(client, hana)["birth_date"] is None
    form.edit("birth_date", "2014-02-28")
    assert set(form.errors) == {"email"}


def test_w11_looking_at_another_student_keeps_what_was_typed(
    qtbot: QtBot, form: RecordForm, client: Client, hana: Saved
) -> None:
    other = student(client, "Müller", "Anna")
    form.edit("phone", "half")
    form.open(other.entity_id)
    qtbot.waitUntil(lambda: form.record_id == other.entity_id)
    assert form.text_of("phone") == ""
    assert form.unsaved_count == 1
    form.open(hana.entity_id)
    qtbot.waitUntil(lambda: form.record_id == hana.entity_id)
    assert form.text_of("phone") == "half"
    assert form.is_dirty


def test_w11_undo_typing_shows_the_record_again(qtbot: QtBot, form: RecordForm) -> None:
    form.edit("phone", "half")
    form.revert()
    qtbot.waitUntil(lambda: not form.is_dirty)
    assert form.text_of("phone") == "+30 210 1"


def test_s1_a_new_student_needs_a_name_and_is_saved_here(qtbot: QtBot, desk: Desk, client: Client) -> None:
    form = desk.student_form
    form.open_new()
    form.edit("phone", "123")
    form.save()
    qtbot.waitUntil(lambda: "family_name" in form.errors)
    form.edit("family_name", "Ōe")
    with qtbot.waitSignal(form.saved) as blocker:
        form.save()
    saved, called = blocker.args
    assert called == "Ōe"
    assert here(client, saved)["family_name"] == "Ōe"
    assert form.record_id == saved.entity_id
    assert not form.is_dirty


def test_d3_an_archived_student_leaves_the_form(
    qtbot: QtBot, form: RecordForm, client: Client, hana: Saved
) -> None:
    with qtbot.waitSignal(form.archived) as blocker:
        form.archive()
    assert blocker.args is not None
    assert blocker.args[1] == "Hana Haddad"
    assert not form.is_open
    assert [entry.kind for entry in client.entries_of("student", hana.entity_id)][-1] == "archive"


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("administrator", True),
        ("registrar", True),
        ("teacher", False),
        ("viewer", False),
        ("unheard-of", False),
    ],
)
def test_w11_only_who_may_write_is_offered_to(role: str, allowed: bool) -> None:
    assert may(role, Right.WRITE_STUDENTS) is allowed
