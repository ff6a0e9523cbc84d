"""A page and its cursor are one transaction (S18): killed between, nothing is passed over.

The sums (S21) would find and mend what was: they are left out here, so that only the transaction counts.
"""

from collections.abc import Callable

import pytest

from faults.planted import cursor_saved_before_the_page
from rollbook.sync.check import Check
from support.changing_roles import dies_at, names
from sync.conftest import MakeDesk


@pytest.fixture(autouse=True)
def _no_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing_differs(_check: Check, _page: object) -> None:
        return None

    monkeypatch.setattr(Check, "at_head", nothing_differs)


def _after_a_kill_in_a_page(make_desk: MakeDesk, plant: Callable[[], object] = lambda: None) -> list[str]:
    """What a desk shows that has pulled to the head, after it was killed when it stored a page."""
    desk, other = make_desk(), make_desk()
    desk.sync()
    other.add(given_name="Eleni")
    other.sync()
    plant()
    dies_at(desk, "client.pull.before_commit")
    assert "not_pulled" not in desk.sync().outstanding
    return names(desk)


def test_s18_a_kill_in_the_midst_of_a_page_passes_nothing_over(make_desk: MakeDesk) -> None:
    assert _after_a_kill_in_a_page(make_desk) == ["Eleni"]


def test_s18_a_cursor_that_is_saved_before_its_page_is_noticed_by_that_test(make_desk: MakeDesk) -> None:
    with pytest.MonkeyPatch.context() as patch:
        assert _after_a_kill_in_a_page(make_desk, lambda: cursor_saved_before_the_page(patch)) == []


def test_s21_the_sums_find_and_mend_what_such_a_cursor_passed_over(
    make_desk: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    with pytest.MonkeyPatch.context() as patch:
        assert _after_a_kill_in_a_page(make_desk, lambda: cursor_saved_before_the_page(patch)) == ["Eleni"]
