"""W1-W3: what the pill says, from the status alone."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.client.values import Status
from rollbook_desktop.viewmodels.status_words import Tone, describe

pytestmark = pytest.mark.usefixtures("qapp")
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
WELL = Status(
    connection="online",
    reason="",
    breaker="closed",
    queued=0,
    sending=0,
    unknown=0,
    failed=0,
    parked=0,
    conflicts=0,
    oldest_waiting_at=None,
    last_synced_at="2026-03-02T11:59:30+00:00",
    cursor="7.ab",
    up_to_date=True,
)
DOWN = replace(WELL, connection="offline", reason="server_unreachable", up_to_date=False)
counts = st.integers(min_value=0, max_value=3)


@pytest.mark.parametrize(
    ("status", "text", "tone"),
    [
        (WELL, "All saved", Tone.GOOD),
        (replace(WELL, queued=1, sending=1, up_to_date=False), "Saving · 2", Tone.BUSY),
        (replace(WELL, up_to_date=False), "Checking", Tone.BUSY),
        (
            replace(WELL, up_to_date=False, to_pull=1000, pulled=400),
            "Fetching · 400 of 1000",
            Tone.BUSY,
        ),
        (replace(WELL, parked=1, up_to_date=False), "Needs you · 1", Tone.ACT),
        (replace(WELL, conflicts=2, queued=1, up_to_date=False), "Needs you · 2 · 1 waiting", Tone.ACT),
        (DOWN, "Offline", Tone.WARN),
        (replace(DOWN, queued=3), "Offline · 3 waiting", Tone.WARN),
        (replace(DOWN, queued=1, unknown=1, failed=1), "Offline · 3 waiting", Tone.WARN),
        (replace(DOWN, queued=1, parked=1), "Offline · 1 waiting · 1 needs you", Tone.ACT),
        (replace(DOWN, reason="no_network", queued=1), "No network · 1 waiting", Tone.QUIET),
        (replace(DOWN, reason="work_offline", queued=1), "Working offline · 1 waiting", Tone.QUIET),
        (replace(DOWN, reason="not_asked_yet"), "Connecting", Tone.QUIET),
        (
            replace(DOWN, connection="degraded", reason="server_failing", queued=2),
            "Degraded · server has trouble · 2 waiting",
            Tone.WARN,
        ),
        (
            replace(DOWN, connection="signed_out", reason="signed_out", queued=3),
            "Signed out · 3 waiting",
            Tone.ACT,
        ),
    ],
)
def test_w1_the_pill_has_a_word_a_count_and_a_tone(status: Status, text: str, tone: Tone) -> None:
    words = describe(status, NOW)
    assert (words.text, words.tone) == (text, tone)


@given(
    connection=st.sampled_from(["online", "degraded", "offline", "signed_out"]),
    queued=counts,
    sending=counts,
    unknown=counts,
    failed=counts,
    parked=counts,
    conflicts=counts,
    up_to_date=st.booleans(),
)
def test_w2_all_saved_is_said_only_when_nothing_at_all_is_outstanding(
    connection: str, up_to_date: bool, **outstanding: int
) -> None:
    status = replace(WELL, connection=connection, up_to_date=up_to_date, **outstanding)
    words = describe(status, NOW)
    truly = connection == "online" and up_to_date and not any(outstanding.values())
    assert (words.text == "All saved") is truly
    assert (words.headline == "Everything is saved at the school.") is truly
    assert (words.tone is Tone.GOOD) is truly


@given(
    connection=st.sampled_from(["online", "degraded", "offline"]),
    queued=counts,
    parked=counts,
    conflicts=counts,
)
def test_w3_red_is_only_for_what_a_person_must_act_on(
    connection: str, queued: int, parked: int, conflicts: int
) -> None:
    status = replace(WELL, connection=connection, queued=queued, parked=parked, conflicts=conflicts)
    assert (describe(status, NOW).tone is Tone.ACT) is bool(parked or conflicts)


def test_w3_the_network_here_the_server_there_and_a_choice_are_told_apart() -> None:
    reasons = ("no_network", "server_unreachable", "not_our_server", "work_offline", "server_failing")
    headlines = {describe(replace(DOWN, reason=reason), NOW).headline for reason in reasons}
    assert len(headlines) == len(reasons)


def test_w1_the_details_say_since_when_next_attempt_and_what_is_outstanding() -> None:
    status = replace(
        DOWN,
        queued=2,
        parked=1,
        since="2026-03-02T11:55:00+00:00",
        next_attempt_in=42.0,
        oldest_waiting_at="2026-03-02T11:58:00+00:00",
    )
    rows = dict(describe(status, NOW).rows)
    assert rows["Since"].startswith("5 minutes ago")
    assert rows["Last sync"].startswith("30 seconds ago")
    assert rows["Next attempt"] == "in 42 seconds"
    assert rows["Outstanding"] == "2 waiting to be sent, 1 refused"
    assert rows["Oldest entry"].startswith("2 minutes ago")
