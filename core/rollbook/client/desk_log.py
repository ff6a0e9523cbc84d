"""The log of the program on this computer (R18): JSON, UTC, rotating; ids and codes, no people's data."""

import logging
import logging.handlers
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import structlog
from filelock import FileLock, Timeout
from structlog.typing import EventDict

from rollbook.resilience.where_it_broke import where_it_broke

FOLDER = "logs"
_MOST_PROGRAMS = 16
_BYTES = 1024 * 1024
_OLDER_FILES = 3
_log = structlog.get_logger("rollbook.desktop")
_OURS = ("rollbook", "rollbook_desktop")


class DeskLog:
    """A file in ``data`` for as long as the program runs; it never fails the program."""

    def __init__(self, data: Path) -> None:
        self._lock: FileLock | None = None
        self._handler: logging.Handler | None = None
        file = self._free_file(data / FOLDER)
        if file is not None:
            self._handler = _QuietFile(
                file, maxBytes=_BYTES, backupCount=_OLDER_FILES, encoding="utf-8", delay=True
            )
            _install(self._handler)
            _log.info("started", version=version("rollbook"))

    def unexpected(self, error: BaseException, request_id: str = "") -> None:
        """Note what should not have happened."""
        _log.error("unexpected", request_id=request_id or None, **where_it_broke(error))

    def close(self) -> None:
        """Write no more."""
        if self._handler is not None:
            logging.getLogger().removeHandler(self._handler)
            self._handler.close()
        if self._lock is not None:
            self._lock.release()
        structlog.reset_defaults()

    def _free_file(self, folder: Path) -> Path | None:
        """The first that no other program holds, or ``None`` where nothing can be written."""
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for number in range(1, _MOST_PROGRAMS + 1):
                lock = FileLock(folder / f"desktop-{number}.lock")
                try:
                    lock.acquire(timeout=0)
                except Timeout:
                    continue
                self._lock = lock
                return folder / f"desktop-{number}.log"
        except OSError:
            return None
        return None


class _QuietFile(logging.handlers.RotatingFileHandler):
    """A full disk loses lines, no more."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Say nothing: there is nobody at a terminal, and the status tells of a full disk."""


def _install(handler: logging.Handler) -> None:
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_only_what_is_ours, *_SHARED],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _json],
        )
    )
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.addHandler(handler)
    for name in _OURS:
        logging.getLogger(name).setLevel(logging.INFO)


def _only_what_is_ours(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Of a line by a library, or by the standard way: who wrote it and where, not what.

    Such a text is made already, and holds whatever it was about: asyncio's repeats the exception's message.
    """
    record: logging.LogRecord = event["_record"]
    event["event"] = "library"
    event["where"] = f"{record.module}:{record.lineno}"
    return event


def _without_message(_logger: Any, _method: str, event: EventDict) -> EventDict:
    found = event.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()
    error = found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        event.update(where_it_broke(error))
    event.pop("stack_info", None)
    return event


_json = structlog.processors.JSONRenderer(default=lambda value: f"<{type(value).__name__}>")
_SHARED: list[Any] = [
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    _without_message,
]
