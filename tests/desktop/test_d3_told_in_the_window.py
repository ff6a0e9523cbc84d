"""Entries that ended with a person who was erased are told in the window, and not who it was (D3)."""

from rollbook.client.values import StoreNotice
from rollbook_desktop.viewmodels.store_words import notice_words


def test_d3_the_window_tells_by_whom_and_how_many_entries_ended() -> None:
    at, entered_at = "2026-11-28T09:00:00+00:00", "2026-11-20T08:00:00+00:00"
    notice = StoreNotice("erased", at, "", 0, 2, True, by="ada", entered_at=entered_at)
    told = notice_words(notice)
    assert told.startswith("On 2026-11-28 a person was erased at the school on request, by ada.")
    assert "2026-11-20" in told
    assert "not saved" in told
