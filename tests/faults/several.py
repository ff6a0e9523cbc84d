"""Histories run one after the other, or on several processes; each is its seed's own, whoever runs it."""

import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy import URL

from faults.cheap import make_cheap
from faults.door import IN_PROCESS, ON_POSTGRESQL, OVER_SOCKETS
from faults.history import run
from faults.plain_sql import PlainSql
from faults.story import Told
from faults.template import Template, make_template
from support.postgres import drop_database, make_database, superuser_url

_MEMORY = Path("/dev/shm")
_CRITICAL = 50

_EVERY = 50
_OTHERWISE = {5: OVER_SOCKETS, 8: ON_POSTGRESQL}

_made: "Templates | None" = None


@dataclass(frozen=True, slots=True)
class Templates:
    """What histories begin with, on SQLite and on PostgreSQL."""

    folder: Path
    sqlite: Template
    postgresql: Template | None

    def of(self, way: str) -> Template:
        """The one for histories of that way."""
        if way != ON_POSTGRESQL:
            return self.sqlite
        assert self.postgresql is not None
        return self.postgresql


def way_of(number: int, always: str | None = None) -> str:
    """How history ``number`` runs: every fiftieth over sockets, every fiftieth on PostgreSQL."""
    return always or _OTHERWISE.get(number % _EVERY, IN_PROCESS)


@contextmanager
def templates(ways: Collection[str]) -> Iterator[Templates]:
    """Schools and their desks in a folder that lies in memory where the system has such a place."""
    alone()
    folder = Path(tempfile.mkdtemp(prefix="rollbook-faults-", dir=_MEMORY if _MEMORY.is_dir() else None))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        on_postgresql = None
        if ON_POSTGRESQL in ways:
            superuser = stack.enter_context(superuser_url())
            stack.callback(_drop_all, superuser)
            url = make_database(superuser, _databases()).render_as_string(hide_password=False)
            on_postgresql = make_template(folder / "postgresql", url)
        yield Templates(folder, make_template(folder / "template"), on_postgresql)


def _databases() -> str:
    """What the names of all databases of this run begin with."""
    return f"faults_{os.getpid()}"


def _drop_all(superuser: URL) -> None:
    plain = PlainSql(superuser.render_as_string(hide_password=False))
    found = plain.rows("SELECT datname FROM pg_database WHERE starts_with(datname, ?)", _databases())
    plain.close()
    for (name,) in found:
        drop_database(superuser, name)


def told(
    made: Templates, seed: int, numbers: Iterable[int], jobs: int = 1, always: str | None = None
) -> Iterator[tuple[int, Told]]:
    """The histories of those numbers, in their order, as each is finished."""
    tasks = ((seed, number, way_of(number, always)) for number in numbers)
    if jobs == 1:
        _begin(made)
        yield from map(_one, tasks)
        return
    with multiprocessing.get_context("spawn").Pool(jobs, _begin, (made,)) as pool:
        yield from pool.imap(_one, tasks)


def alone() -> None:
    """Nothing of this user's surroundings: no proxies, no logs, no settings."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or (name.startswith("ROLLBOOK_") and "TEST" not in name):
            del os.environ[name]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(_CRITICAL))


def _begin(made: Templates) -> None:
    global _made
    first, _made = _made is None, made
    alone()
    if first:
        make_cheap()


def _one(task: tuple[int, int, str]) -> tuple[int, Told]:
    seed, number, way = task
    assert _made is not None
    return number, run(_made.of(way), _made.folder / f"run{os.getpid()}", f"{seed}:{number}", way)
