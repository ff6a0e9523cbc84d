"""One engine for each store, by a lock of the operating system that a crash releases (S26)."""

from pathlib import Path

from filelock import FileLock, Timeout

from rollbook.store.failures import translated_system


class EngineLock:
    """Held by the process whose engine sends for the store in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._lock = FileLock(folder / "engine.lock")

    def take(self) -> bool:
        """Take the lock; ``False`` when another process holds it. Raises :class:`StoreError`."""
        try:
            with translated_system():
                self._lock.acquire(timeout=0)
        except Timeout:
            return False
        return True

    def release(self) -> None:
        """Give the lock up."""
        self._lock.release()
