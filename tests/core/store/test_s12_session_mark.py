"""A session that the server ended is told from one that its user ended (S12, S27)."""

from pathlib import Path

from rollbook.store import session_mark
from rollbook.store.credentials import StoredCredentials


def test_s12_only_the_server_s_word_leaves_its_user_at_work(tmp_path: Path) -> None:
    kept = StoredCredentials(tmp_path, False)
    kept.save("access", "refresh")
    kept.expire()
    assert (kept.refresh_token(), session_mark.is_kept(tmp_path)) == (None, True)
    assert StoredCredentials(tmp_path, False).access_token() is None
    kept.clear()
    assert not session_mark.is_kept(tmp_path)
    kept.expire()
    kept.save("access", "refresh")
    assert not session_mark.is_kept(tmp_path)


def test_s27_a_session_whose_file_is_lost_counts_as_signed_out(tmp_path: Path) -> None:
    StoredCredentials(tmp_path, False).save("access", "refresh")
    (tmp_path / "credentials.json").unlink()
    assert StoredCredentials(tmp_path, False).refresh_token() is None
    assert not session_mark.is_kept(tmp_path)
