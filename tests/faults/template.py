"""A migrated school and connected desks, made once and copied for each history."""

import asyncio
import os
import random
import shutil
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

from faults.time_and_chance import ComputerClock, World, ids_of_the_seed
from rollbook.client.opening import Surroundings, connect, open_client
from rollbook.client.settings import ClientSettings, load_settings
from rollbook.domain.clock import SystemClock
from rollbook.domain.roles import Role
from rollbook.server.database import Database
from rollbook.server.migrating import migrate
from support import school_server
from support.fault_transport import FaultTransport
from support.postgres import make_database
from support.school_server import SchoolServer, settings_for
from support.server_process import PASSWORD

FILE = "school.sqlite3"
KNOWN_STUDENTS = 3
DESKS = 4  # the last is another computer of the first user
SETTINGS = {
    "ROLLBOOK_KEYRING": "0",
    "ROLLBOOK_RETRY_BASE_SECONDS": "0",
    "ROLLBOOK_RETRY_CAP_SECONDS": "0",
}


@dataclass(frozen=True, slots=True)
class Template:
    """``database`` is the server's; ``desks`` are data folders: all in sync, but for the last, a new one."""

    folder: Path
    database: str
    desks: tuple[Path, ...]
    school_id: str
    users: tuple[str, ...]


def make_template(folder: Path, database: str | None = None) -> Template:
    """A school with a few students, and desks that have read them; signed in at the world's beginning.

    ``database`` is the URL of an empty one; without it, a SQLite file is made.
    """
    folder.mkdir(parents=True)
    with _always_the_same_ids():
        return _made(folder, database or f"sqlite:///{folder / FILE}")


def _made(folder: Path, url: str) -> Template:
    database = Database(settings_for(url, folder), SystemClock())
    migrate(database)
    database.close()
    server = SchoolServer(url, folder, sign_in_attempts=1000)
    names = [server.user(Role.REGISTRAR) for _number in range(DESKS)]
    writer = server.desk(Role.REGISTRAR)
    for number in range(KNOWN_STUDENTS):
        writer.student(given_name=f"known{number}", family_name=f"Known{number}", student_number=f"K{number}")
    users = (*names[:-1], names[0], names[-1])
    desks = tuple(folder / f"desk{number}" for number in range(len(users)))
    for data, name in zip(desks, users, strict=True):
        asyncio.run(_connected(server, data, name, syncs=data != desks[-1]))
    server.close()
    return Template(folder, url, desks, server.school_id, users)


async def _connected(server: SchoolServer, data: Path, name: str, *, syncs: bool) -> None:
    settings = desk_settings(data)
    clock = ComputerClock(World())
    around = Surroundings(clock=clock, chance=random.Random(1), transport=FaultTransport(server.app))
    await connect(data, "http://school", name, PASSWORD, settings=settings, surroundings=around)
    if not syncs:
        return
    client = open_client(data, settings=settings, surroundings=around)
    try:
        await client.sync_once()
    finally:
        await client.aclose()
        client.close()


@contextmanager
def _always_the_same_ids() -> Iterator[None]:
    """A history of a seed must be the same on another day: so its template must be."""
    chance = random.Random(0)
    with ids_of_the_seed(chance) as source, ExitStack() as undo:
        undo.callback(setattr, school_server, "uuid7_source", school_server.uuid7_source)
        undo.callback(setattr, uuid, "uuid4", uuid.uuid4)
        school_server.uuid7_source = source
        uuid.uuid4 = lambda: uuid.UUID(int=chance.getrandbits(128), version=4)
        yield


def desk_settings(data: Path, **further: str) -> ClientSettings:
    """Settings of a desk: no waiting between the attempts of a read."""
    return load_settings(data, SETTINGS | further)


def copied(template: Template, folder: Path) -> Template:
    """The template copied into ``folder``, and its database, to be worn out there."""
    folder.mkdir(parents=True)
    desks = tuple(folder / data.name for data in template.desks)
    for source, target in zip(template.desks, desks, strict=True):
        shutil.copytree(source, target)
    return Template(folder, _copied(template, folder), desks, template.school_id, template.users)


def _copied(template: Template, folder: Path) -> str:
    url = make_url(template.database)
    if url.get_backend_name() == "postgresql":
        copy = make_database(url.set(database="postgres"), f"{url.database}_{os.getpid()}", url.database)
        return copy.render_as_string(hide_password=False)
    shutil.copy(str(url.database), folder / FILE)
    return f"sqlite:///{folder / FILE}"
