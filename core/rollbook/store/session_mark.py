"""A mark beside the store: its session has ended by the server's word, not by its user's wish (S12, S27).

Who signed out is shown nothing on this computer until the password is given. Who is only to sign in again
works on: entries are kept, and wait for that. Without the mark a session that is not there counts as signed
out, so that a file that is lost closes, and opens nothing.
"""

import contextlib
from pathlib import Path

_NAME = "sign-in-again"


def keep(folder: Path) -> None:
    """The user of this folder may work on; a password is needed before anything is sent."""
    with contextlib.suppress(OSError):  # a full disk takes no entries either
        (folder / _NAME).touch(mode=0o600)


def forget(folder: Path) -> None:
    """There is a session again, or a person has ended it."""
    with contextlib.suppress(OSError):
        (folder / _NAME).unlink(missing_ok=True)


def is_kept(folder: Path) -> bool:
    """Whether a session that is not there any more leaves its user at work."""
    return (folder / _NAME).exists()
