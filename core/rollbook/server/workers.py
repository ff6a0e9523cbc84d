"""The processes that serve together: which is this, how many live, and which have died (R14, R19)."""

import os
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout
from prometheus_client import multiprocess

from rollbook.contract.diagnostics import Worker
from rollbook.domain.clock import Clock

_PREFIX = "worker-"


class Workers:
    """This worker and its like. Each holds a lock in their ``folder`` until it ends, however that is.

    Without a folder it is alone. To be made before anything is counted.
    """

    def __init__(self, clock: Clock, folder: Path | None) -> None:
        self._pid = os.getpid()
        self._started_at = clock.now().isoformat(timespec="seconds")
        self._folder = folder
        self._own: FileLock | None = None
        if folder is not None:
            self._own = FileLock(self._file(self._pid))
            self._own.acquire(timeout=0)

    def this(self) -> Worker:
        """The worker that answers."""
        return Worker(self._pid, self._started_at, workers=1 + sum(1 for _ in self._others()))

    def bury(self) -> None:
        """Forget what the dead say of now: their connections, their breakers. What they counted stays."""
        for _ in self._others():
            pass  # a dead one is buried as it is found

    def _others(self) -> Iterator[int]:
        """The pids of the others that live."""
        if self._folder is None:
            return
        for file in self._folder.glob(f"{_PREFIX}*"):
            pid = int(file.stem.removeprefix(_PREFIX))
            if pid != self._pid and not self._buried(pid, file):
                yield pid

    def _buried(self, pid: int, file: Path) -> bool:
        lock = FileLock(file)
        try:
            with lock.acquire(timeout=0):
                multiprocess.mark_process_dead(pid, str(self._folder))  # type: ignore[no-untyped-call]
            file.unlink(missing_ok=True)  # after the lock: Windows removes no file that is open
        except (Timeout, OSError):
            return False
        return True

    def _file(self, pid: int) -> Path:
        assert self._folder is not None
        return self._folder / f"{_PREFIX}{pid}.lock"
