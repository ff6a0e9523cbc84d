"""A backup's file: whole or not there at all, with its sum beside it in the form of ``sha256sum``."""

import errno
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rollbook.domain.checkpoints import passed
from rollbook.server.backups import BackupError

_PART = ".part"
_LEFT_BEHIND_SECONDS = 86_400.0
_CHUNK = 1024 * 1024
_PRIVATE = 0o600


def write_whole(target: Path, make: Callable[[Path], None], examine: Callable[[Path], None]) -> int:
    """Have ``make`` write a new file and ``examine`` look at it, then put it in the place of ``target``.

    Until then, what stood there before is whole, whatever happens. Gives its size in bytes. Raises
    :class:`BackupError`.
    """
    with disk_errors(target), part_of(target) as part:
        make(part)
        examine(part)
        passed("server.backup.written")
        size = part.stat().st_size
        total = _sum(part)
        sums = sum_file(target)
        # Never a file with another's sum: first the old sum goes, and the new one comes last.
        sums.unlink(missing_ok=True)
        put_in_place(part, target)
        passed("server.backup.placed")
        with part_of(sums) as written:
            written.write_text(f"{total}  {target.name}\n", encoding="utf-8")
            put_in_place(written, sums)
    return size


@contextmanager
def part_of(target: Path) -> Iterator[Path]:
    """A new private file beside ``target``, which is gone at the end unless it was put in its place."""
    _forget_left_behind(target)
    number, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=_PART, dir=target.parent)
    os.close(number)
    part = Path(name)
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def put_in_place(part: Path, target: Path) -> None:
    """``part`` is ``target`` from now on, on the disk too."""
    part.chmod(_PRIVATE)
    _flush(part)
    part.replace(target)
    with suppress(OSError):  # Windows knows no flushing of a folder
        _flush(target.parent)


def check_sum(file: Path) -> bool:
    """Whether a sum is beside it, by which it is proven whole: one without a sum passes.

    Raises :class:`BackupError` where the file is not as it was written.
    """
    sums = sum_file(file)
    if not sums.exists():
        return False
    said = sums.read_text(encoding="utf-8", errors="replace").split()
    if not said or _sum(file) != said[0].lower():
        raise BackupError(
            f"The backup {file} is damaged: it is not what {sums.name} beside it says. Take another one."
        )
    return True


def sum_file(file: Path) -> Path:
    """Where the sum of a backup is written down."""
    return file.with_name(f"{file.name}.sha256")


@contextmanager
def disk_errors(target: Path) -> Iterator[None]:
    """An error of the file system is said with the place and what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise BackupError(f"The disk of {target.parent} is full: free some space there.") from error
        raise BackupError(f"{target} cannot be written: {error.strerror or error}.") from error


def _forget_left_behind(target: Path) -> None:
    """What a backup that was killed has left; one that is younger may be at work."""
    for old in target.parent.glob(f".{target.name}.*{_PART}"):
        with suppress(OSError):
            if time.time() - old.stat().st_mtime > _LEFT_BEHIND_SECONDS:
                old.unlink()


def _sum(file: Path) -> str:
    found = hashlib.sha256()
    with file.open("rb") as content:
        while chunk := content.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()


def _flush(path: Path) -> None:
    number = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(number)
    finally:
        os.close(number)
