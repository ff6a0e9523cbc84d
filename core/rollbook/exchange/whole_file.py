"""A file that is there whole or not at all (D13)."""

import os
import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from rollbook.exchange.errors import UnwritableFileError


@contextmanager
def new_file(path: Path, endings: Collection[str], *, replace: bool = False) -> Iterator[Path]:
    """A new file beside ``path``, to be written, that takes its place once it is whole.

    Raises :class:`UnwritableFileError` for another ending, for a file that is there already (unless
    ``replace``), and where the disk refuses.
    """
    if path.suffix.lower() not in endings:
        raise UnwritableFileError(
            "unknown-form",
            f"“{path.name}” does not say in which form to write.",
            f"End it in {' or '.join(endings)}.",
        )
    if path.exists() and not replace:
        raise UnwritableFileError(
            "file-exists", f"There is a file “{path.name}” already.", "Choose another name, or replace it."
        )
    with _beside(path) as new:
        yield new


def written(path: Path, content: bytes) -> int:
    """Write a new file down to the disk; returns how many bytes."""
    with path.open("xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    return len(content)


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        yield new
        os.replace(new, path)
    except OSError as error:
        raise UnwritableFileError(
            "file-unwritable",
            f"“{path.name}” could not be written: {error.strerror}.",
            "Look whether there is room on the disk and whether you may write in that folder.",
        ) from error
    finally:
        new.unlink(missing_ok=True)
