"""The check of the account's password: what it costs whoever would guess it on a real computer (S12)."""

from pathlib import Path

import argon2
import pytest

from rollbook.store import password_check

OF_FULL_STRENGTH = "$argon2id$v=19$m=65536,t=3,p=4$"


def test_s12_the_check_is_of_full_strength(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(password_check, "PasswordHasher", argon2.PasswordHasher)  # not the tests' cheap one
    check = password_check.PasswordCheck(tmp_path)
    check.keep("Πλατεία 1821")
    [file] = tmp_path.iterdir()
    assert file.read_text("ascii").startswith(OF_FULL_STRENGTH)
    assert check.fits("Πλατεία 1821")
    assert not check.fits("Πλατεία 1822")
