"""The server's own logging switched on for a while, as a worker has it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from rollbook.server import logs
from support.school_server import settings_for


@contextmanager
def logging_to(folder: Path) -> Iterator[Path]:
    """The file of a worker that logs to ``folder``; the process's own logging is put back after."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configured, config = structlog.is_configured(), structlog.get_config()
    file = logs.start_logs(settings_for("sqlite://", folder))
    assert file is not None
    try:
        yield file
    finally:
        for handler in root.handlers:
            if handler not in handlers:
                handler.close()
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()
        if configured:
            structlog.configure(**config)
        for lock in logs._held_locks:
            lock.release()
        logs._held_locks.clear()
