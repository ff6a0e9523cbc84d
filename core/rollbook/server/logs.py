"""Structured logs (R18): JSON, UTC, one rotating file for each worker and the standard error."""

import logging
import logging.handlers
import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import structlog
from filelock import FileLock, Timeout
from structlog.typing import EventDict, Processor

from rollbook.resilience.where_it_broke import where_it_broke
from rollbook.server.request_context import current
from rollbook.server.settings import Settings

MAX_WORKERS_LOGGING = 256
_PRIVATE_FILE = 0o640
_held_locks: list[FileLock] = []


def start_logs(settings: Settings) -> Path | None:
    """Send every log line, uvicorn's included, to standard error and to this worker's file.

    Gives the file, or ``None`` where the folder cannot be written: the server serves all the same.
    """
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*_SHARED, _without_message_values],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _json()],
    )
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    file = _free_file(settings)
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if file is not None:
        handlers.append(_rotating(file, settings))
    _install(handlers, formatter, settings.log_level)
    return file


def keep_quiet() -> None:
    """For a command that speaks to a person itself: no log lines in between."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def _with_request(_logger: Any, _method: str, event: EventDict) -> EventDict:
    context = current()
    known = {
        "request_id": context.request_id,
        "serving": context.serving,
        "action_id": context.action_id,
        "device": context.device,
        "user_id": context.user_id,
        "school_id": context.school_id,
    }
    for name, value in known.items():
        if value:
            event.setdefault(name, value)
    return event


def _without_message_values(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """A library's line keeps its text but not the text of an exception, which may hold values."""
    found = event.pop("exc_info", None)
    error = found[1] if isinstance(found, tuple) else None
    if isinstance(error, BaseException):
        event.update(where_it_broke(error))
    return event


def _json() -> Processor:
    # A value that JSON does not know is shown by its type: the log never fails, nor tells its content.
    return structlog.processors.JSONRenderer(default=lambda value: f"<{type(value).__name__}>")


_SHARED: list[Processor] = [
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    _with_request,
]


def _free_file(settings: Settings) -> Path | None:
    """The first log file that no other worker holds; the lock ends with the process, however it ends."""
    folder = Path(settings.log_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(1, MAX_WORKERS_LOGGING + 1):
            lock = FileLock(folder / f"server-{number}.lock")
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue
            _held_locks.append(lock)
            return folder / f"server-{number}.log"
    except OSError:
        return None
    return None


class _PrivateLog(logging.handlers.RotatingFileHandler):
    """Read by its owner and its group alone, whatever the process is started with."""

    def _open(self) -> TextIOWrapper:
        return open(self.baseFilename, "a", encoding=self.encoding, opener=_open_private)


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, _PRIVATE_FILE)


def _rotating(file: Path, settings: Settings) -> logging.Handler:
    return _PrivateLog(
        file, maxBytes=settings.log_file_bytes, backupCount=settings.log_files, encoding="utf-8", delay=True
    )


def _install(handlers: list[logging.Handler], formatter: logging.Formatter, level: str) -> None:
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    for handler in handlers:
        handler.setFormatter(formatter)
        root.addHandler(handler)
    # Libraries are heard from warnings on: at their ease they write whole addresses, queries included.
    root.setLevel(logging.WARNING)
    logging.getLogger("rollbook").setLevel(level)
    logging.getLogger("uvicorn").setLevel(logging.INFO)
    for name in ("uvicorn", "uvicorn.error", "alembic"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    logging.getLogger("uvicorn.access").disabled = True
