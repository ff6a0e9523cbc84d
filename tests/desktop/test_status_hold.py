"""W4: the pill follows at once for the worse, without flicker for the better, and never claims too much."""

from dataclasses import replace

from desktop.test_status_words import DOWN, WELL
from rollbook_desktop.viewmodels.status import Hold


def test_w4_offline_is_shown_at_once() -> None:
    hold = Hold()
    hold.pass_on(WELL, 0.0)
    assert hold.pass_on(DOWN, 0.1).connection == "offline"


def test_w4_offline_stays_two_seconds_so_that_the_pill_does_not_flicker() -> None:
    hold = Hold()
    hold.pass_on(WELL, 0.0)
    hold.pass_on(DOWN, 10.0)
    assert hold.pass_on(WELL, 11.0).connection == "offline"
    assert hold.left == 1.0
    assert hold.pass_on(WELL, 12.0).connection == "online"
    assert hold.left == 0.0


def test_w4_a_connection_that_comes_and_goes_is_shown_as_offline() -> None:
    hold = Hold()
    hold.pass_on(WELL, 0.0)
    shown = [hold.pass_on(DOWN if second % 2 else WELL, 10.0 + second).connection for second in range(1, 9)]
    assert shown == ["offline"] * 8


def test_w2_what_waits_is_never_held_back() -> None:
    hold = Hold()
    hold.pass_on(WELL, 0.0)
    saving = replace(WELL, queued=1, up_to_date=False)
    assert hold.pass_on(saving, 0.01) is saving


def test_w4_the_first_answer_after_the_start_is_shown_at_once() -> None:
    hold = Hold()
    hold.pass_on(replace(DOWN, reason="not_asked_yet"), 0.0)
    assert hold.pass_on(WELL, 0.2).connection == "online"
