"""A PostgreSQL cluster that lives as long as the tests: in a temporary folder, on a free loopback port."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import children
from saying import GivingUpError

_DEBIANS = Path("/usr/lib/postgresql")
_OWNER = "postgres"
_READY_WITHIN_SECONDS = 60.0
_READY = 0
# Nothing here outlives the tests, so no write needs to reach the disk. All else is as a school has it.
_HASTE = "fsync=off"


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """Start a cluster below ``folder`` and give the SQLAlchemy URL of its empty database.

    Raises :class:`GivingUpError` where PostgreSQL is not installed or does not start.
    """
    programs = _programs()
    owner = _owner()
    data = folder / "postgres"
    data.mkdir(mode=0o700)
    if owner is not None:
        os.chown(data, owner, -1)
        folder.chmod(0o711)  # the owner of the cluster has to pass through
    _make(programs, data, owner)
    port = _free_port()
    log = folder / "postgres.log"
    with children.running(_serve(programs, data, port), log, user=owner, end_by=signal.SIGINT) as process:
        children.wait_until(lambda: _answers(programs, port), process, log, _READY_WITHIN_SECONDS)
        yield f"postgresql+psycopg://{_OWNER}@127.0.0.1:{port}/postgres"


def _programs() -> Path:
    """The folder of the newest PostgreSQL server installed (Debian keeps one folder a version)."""
    versions = [each for each in _DEBIANS.glob("*/bin") if (each / "initdb").exists()]
    if versions:
        return max(versions, key=lambda each: float(each.parent.name))
    initdb = shutil.which("initdb")
    if initdb is None:
        raise GivingUpError("The tests need PostgreSQL's server programs (initdb, postgres) on PATH.")
    return Path(initdb).resolve().parent


def _owner() -> int | None:
    """PostgreSQL refuses to run as root: then its own user runs it."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(_OWNER).pw_uid
    except KeyError:
        raise GivingUpError(f"PostgreSQL does not run as root, and there is no user {_OWNER!r}.") from None


def _make(programs: Path, data: Path, owner: int | None) -> None:
    command = [str(programs / "initdb"), "--pgdata", str(data), "--username", _OWNER, "--auth", "trust"]
    command += ["--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"]
    made = subprocess.run(command, cwd="/", user=owner, capture_output=True, text=True, check=False)
    if made.returncode:
        raise GivingUpError(f"initdb failed:\n{made.stderr or made.stdout}")


def _serve(programs: Path, data: Path, port: int) -> list[str]:
    command = [str(programs / "postgres"), "-D", str(data), "-p", str(port)]
    for setting in ("listen_addresses=127.0.0.1", "unix_socket_directories=", _HASTE):
        command += ["-c", setting]
    return command


def _answers(programs: Path, port: int) -> bool:
    asked = [str(programs / "pg_isready"), "--quiet", "--host", "127.0.0.1", "--port", str(port)]
    return subprocess.run(asked, check=False).returncode == _READY


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
