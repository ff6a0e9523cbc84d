"""A folder beside the store for copies of it: in the account's own place, not in the system's."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def work_folder(store: Path, name: str) -> Iterator[Path]:
    """An empty folder, for this user alone, deleted in the end; what a crash left of it goes first.

    Who calls this holds the engine's lock. Raises ``OSError``.
    """
    folder = store.with_name(name)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
