"""One file for support, without people's data (R18): versions, settings, status, requests, entries, log."""

import dataclasses
import errno
import io
import json
import os
import platform
import sqlite3
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rollbook.client import entries, requests, without_people
from rollbook.client.accounts import Account
from rollbook.client.desk_log import FOLDER
from rollbook.client.settings import ClientSettings
from rollbook.client.values import Status
from rollbook.store import outbox, soundness, tally
from rollbook.store.database import StoreDatabase
from rollbook.store.errors import StoreError
from rollbook.store.states import State

MOST_REQUESTS = 5_000
MOST_ENTRIES = 10_000
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_ABOUT = """A file for whoever looks after Rollbook.

It holds versions, settings, counts, states, codes, times, IDs of requests and entries, and the log of the
program on this computer. It holds no name of a person, no value of a record, no password and no token.
"""


class BundleNotWrittenError(Exception):
    """The file could not be written; there is none, or the one that was there is as it was.

    ``code`` is ``disk-full``, ``no-such-folder``, ``is-a-folder`` or ``not-writable``.
    """

    def __init__(self, file: Path, code: str, cause: str) -> None:
        super().__init__(f"{file} was not written: {cause}")
        self.file = file
        self.code = code


@dataclass(frozen=True, slots=True)
class Sources:
    """What is asked. ``status`` is the facade's."""

    account: Account
    store: StoreDatabase
    settings: ClientSettings
    status: Callable[[], Status]
    now: Callable[[], datetime]


def write_bundle(sources: Sources, file: Path, also: Mapping[str, str] | None = None) -> list[str]:
    """Write the file whole or not at all; gives the names of its parts. ``also`` are further versions.

    A part that cannot be read (a damaged store) says so, and the others are there. Raises
    :class:`BundleNotWrittenError`.
    """
    parts = list(_parts(sources, dict(also or {})))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, data in parts:
            bundle.writestr(name, data)
    _write_whole(file, content.getvalue())
    return [name for name, _data in parts]


def _parts(sources: Sources, also: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    yield "README.txt", _ABOUT.encode()
    for name, collect in (
        ("versions.json", lambda: _versions(sources, also)),
        ("settings.json", lambda: _settings(sources.settings)),
        ("status.json", lambda: without_people.status(sources.status())),
        ("counts.json", lambda: _counts(sources)),
        ("requests.json", lambda: _requests(sources.store)),
        ("entries.json", lambda: _entries(sources.store)),
        ("store.json", lambda: _store(sources)),
    ):
        yield name, json.dumps(_collected(collect), indent=1).encode()
    yield from _logs(sources.account.folder.parent.parent / FOLDER)


def _collected(collect: Callable[[], Any]) -> Any:
    try:
        return collect()
    except (StoreError, OSError) as error:
        return {"unavailable": getattr(error, "word", type(error).__name__)}


def _versions(sources: Sources, also: dict[str, str]) -> dict[str, Any]:
    account = sources.account
    return {
        "made_at": sources.now().isoformat(),
        "rollbook": version("rollbook"),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "system": platform.platform(),
        **also,
        "installation": account.installation,
        "school_id": account.school_id,
        "user_id": account.user_id,
    }


def _settings(settings: ClientSettings) -> dict[str, Any]:
    """They are numbers all, but for the switch; no secret is among them."""
    return dataclasses.asdict(settings)


def _counts(sources: Sources) -> dict[str, Any]:
    with sources.store.read() as connection:
        return {
            "entries": tally.entries_by_state(connection),
            "records": tally.records(connection),
            "requests": tally.attempts(connection),
        }


def _requests(store: StoreDatabase) -> list[dict[str, Any]]:
    with store.read() as connection:
        found = requests.recent(connection, MOST_REQUESTS, failed_only=False)
    return [without_people.attempt(each) for each in found]


def _entries(store: StoreDatabase) -> list[dict[str, Any]]:
    with store.read() as connection:
        found = [
            entries.waiting_entry(row) for row in outbox.rows(connection, tuple(State), limit=MOST_ENTRIES)
        ]
    return [without_people.entry(each) for each in found]


def _store(sources: Sources) -> dict[str, Any]:
    """What `rollbookctl verify` finds, and what room there is."""
    disk = os.statvfs(sources.account.folder) if hasattr(os, "statvfs") else None
    with sources.store.read() as connection:
        problems = soundness.problems(connection)
    return {
        "problems": problems,
        "trouble": sources.store.trouble,
        "bytes": tally.sizes(sources.account.store),
        "free_bytes": None if disk is None else disk.f_bavail * disk.f_frsize,
    }


def _logs(folder: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(folder.glob("desktop-*.log*")):
        if file.suffix != ".lock":
            yield f"logs/{file.name}", _only_json(file)


def _only_json(file: Path) -> bytes:
    """The lines that our log wrote; what else stands there is nobody's to send."""
    try:
        lines = file.read_bytes().splitlines()
    except OSError:
        return b""
    return b"\n".join(line for line in lines if _is_ours(line))


def _is_ours(line: bytes) -> bool:
    try:
        found = json.loads(line)
    except ValueError:
        return False
    return isinstance(found, dict) and {"at", "event", "level", "logger"} <= set(found)


def _write_whole(file: Path, content: bytes) -> None:
    fresh = file.with_name(f".{file.name}.{os.getpid()}.new")
    try:
        if file.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as written:
            written.write(content)
            written.flush()
            os.fsync(written.fileno())
        fresh.replace(file)
    except OSError as error:
        _forget(fresh)
        raise _in_words(file, error) from error


def _forget(fresh: Path) -> None:
    try:
        fresh.unlink(missing_ok=True)
    except OSError:
        return  # its folder is not there, or may not be written


def _in_words(file: Path, error: OSError) -> BundleNotWrittenError:
    if error.errno in _FULL:
        return BundleNotWrittenError(
            file, "disk-full", "the disk is full. Free some space, or choose another."
        )
    if isinstance(error, IsADirectoryError):
        return BundleNotWrittenError(file, "is-a-folder", "that is a folder. Name a file in it.")
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return BundleNotWrittenError(file, "no-such-folder", f"there is no folder {file.parent}.")
    why = f"you may not write there ({error.strerror or type(error).__name__}). Choose another place."
    return BundleNotWrittenError(file, "not-writable", why)
