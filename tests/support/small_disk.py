"""A real disk that is small, full, or read-only: a tmpfs of its own. Mounting one needs root."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_BLOCK = b"\0" * 4096


class SmallDisk:
    """A disk mounted at ``folder``."""

    def __init__(self, folder: Path, kib: int) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        _run("mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", str(folder))

    def fill(self, leaving_kib: int = 0) -> None:
        """Leave not one block free, or as many KiB as said."""
        filling = self.folder / "filling"
        with contextlib.suppress(OSError), filling.open("ab", buffering=0) as file:
            while True:
                file.write(_BLOCK)
        os.truncate(filling, filling.stat().st_size - leaving_kib * 1024)

    def free(self) -> None:
        """Somebody made room."""
        (self.folder / "filling").unlink()

    def read_only(self, on: bool = True) -> None:
        """Whether nothing may be written."""
        _run("mount", "-o", "remount,ro" if on else "remount,rw", str(self.folder))

    def unmount(self) -> None:
        """Let it go, whoever still looks at it."""
        _run("umount", "--lazy", str(self.folder))


@contextmanager
def small_disk(folder: Path, kib: int = 4096) -> Iterator[SmallDisk]:
    """A disk for the length of a block."""
    disk = SmallDisk(folder, kib)
    try:
        yield disk
    finally:
        disk.unmount()


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stderr} (a small disk is mounted, which needs root)"
