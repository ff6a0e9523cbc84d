"""Damaged stores that were set aside: kept for people, not past a withdrawal of what they hold (S23, S28)."""

from pathlib import Path

from rollbook.store import meta, notices
from rollbook.store.database import StoreDatabase

_LEFT = "set_aside_files_to_wipe"


def wipe(store: StoreDatabase) -> None:
    """Delete them, but for those of which somebody is still to be told that not all was saved from them.

    What stays for that goes when they have read it, by :func:`wipe_what_was_left`.
    """
    with store.read() as connection:
        told = notices.all_of(connection)
    needed = [
        Path(notice.aside).name for notice in told if notice.aside and (notice.lost or not notice.whole)
    ]
    stay = False
    for file in store.path.parent.glob(f"{store.path.stem}.damaged-*"):
        if any(file.name.startswith(name) for name in needed):
            stay = True
        else:
            file.unlink(missing_ok=True)
    with store.write() as connection:
        meta.put(connection, _LEFT, "1" if stay else None)


def wipe_what_was_left(store: StoreDatabase) -> None:
    """Delete what had to stay at a withdrawal, once it is needed no more."""
    with store.read() as connection:
        left = meta.get(connection, _LEFT)
    if left is not None:
        wipe(store)
