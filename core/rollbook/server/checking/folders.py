"""Files and folders on this computer: who may read them, whether they can be written, how much is free."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import make_url

from rollbook.server.checking import Finding, problem, warning
from rollbook.server.settings import Settings

_GIBIBYTE = 1024**3
_LITTLE_BYTES = _GIBIBYTE
_TOO_LITTLE_BYTES = 64 * 1024 * 1024
_BESIDE_THE_DATABASE = ("", "-wal", "-shm")
_OTHERS_READ = stat.S_IROTH
_OTHERS_OR_GROUP_WRITE = stat.S_IWGRP | stat.S_IWOTH
_SECRETS = ("metrics_token", "database", "events_database", "alert_urls")


def of_folders(settings: Settings, settings_file: Path | None) -> Iterator[Finding]:
    """What is wrong with the files of the database (SQLite), the logs, and the settings."""
    logs = Path(settings.log_dir)
    folders = {"the logs": logs}
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite" and url.database:
        file = Path(url.database).absolute()
        folders["the database"] = file.parent
        yield from _private("database-readable", [Path(f"{file}{rest}") for rest in _BESIDE_THE_DATABASE])
    for name, folder in folders.items():
        yield from _writable(name, folder)
        yield from _room(name, folder)
    if logs.is_dir():
        yield from _private("logs-readable", sorted(logs.glob("server-*.log*")))
    if settings_file is not None and any(getattr(settings, name) for name in _SECRETS):
        yield from _private("settings-readable", [settings_file])


def _private(code: str, files: list[Path]) -> Iterator[Finding]:
    """The worst of them is named: all have the same cause."""
    for file in files:
        try:
            mode = file.stat().st_mode
        except OSError:
            continue
        if os.name == "posix" and mode & (_OTHERS_READ | _OTHERS_OR_GROUP_WRITE):
            yield warning(
                code,
                f"Other accounts of this computer can read or change {file} ({stat.filemode(mode)}): run "
                f"chmod o-rwx,g-w '{file}'.",
            )
            return


def _writable(name: str, folder: Path) -> Iterator[Finding]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return
    except OSError as error:
        yield problem(
            "not-writable",
            f"The folder of {name}, {folder}, can't be written ({error.strerror}): give it to the account "
            "that runs the server, or set another.",
        )


def _room(name: str, folder: Path) -> Iterator[Finding]:
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return  # said already: it can't be written either
    if free < _LITTLE_BYTES:
        found = problem if free < _TOO_LITTLE_BYTES else warning
        yield found(
            "little-room",
            f"Only {free / 1024**2:,.0f} MiB are free for {name} in {folder}: free some space.",
        )
