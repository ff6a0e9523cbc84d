"""What `status` says in words (S24): nothing keeps it from being up to date without being named."""

from dataclasses import replace

import pytest

from rollbook.cli import words
from rollbook.client.values import Status

NOTHING = Status(
    connection="online", reason="", breaker="closed", queued=0, sending=0, unknown=0, failed=0, parked=0,
    conflicts=0, oldest_waiting_at=None, last_synced_at=None, cursor="1.a", up_to_date=False,
)  # fmt: skip
COUNTED = ("queued", "sending", "unknown", "failed", "parked", "conflicts", "handed_over", "giving_back")


def test_s23_proposals_that_wait_are_told_with_the_moment_of_which_that_is() -> None:
    at = "2026-03-01T10:00:00+00:00"
    assert words.proposals(replace(NOTHING, proposals=0, proposals_at=at)) == []
    [one] = words.proposals(replace(NOTHING, proposals=1, proposals_at=at))
    assert one.startswith("1 proposal waits for your decision (rollbookctl proposals list)")
    [two] = words.proposals(replace(NOTHING, proposals=2, proposals_at=at))
    assert two.startswith("2 proposals wait for")
    assert two.endswith(f", as of {words.moment(at)}.")


@pytest.mark.parametrize("name", COUNTED)
def test_s24_every_count_that_is_outstanding_has_its_words(name: str) -> None:
    state = "conflict" if name == "conflicts" else name
    said = words.outstanding(replace(NOTHING, outstanding=(state,), **{name: 1}))
    assert said.startswith("1 ")
    assert "_" not in said  # in a person's words
