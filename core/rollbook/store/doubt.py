"""A mark beside the store that says: look into the file before it is used again (S28)."""

import contextlib
from pathlib import Path


def note(store: Path) -> None:
    """Someone found the file damaged."""
    with contextlib.suppress(OSError):  # no room for it: whoever reads the damaged page next notes it
        _mark(store).touch()


def is_noted(store: Path) -> bool:
    """Whether someone did."""
    return _mark(store).exists()


def clear(store: Path) -> None:
    """It was looked into."""
    with contextlib.suppress(OSError):
        _mark(store).unlink(missing_ok=True)


def _mark(store: Path) -> Path:
    return store.with_name(store.name + ".doubt")
