"""A school on SQLite in this process, and desks that work with it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rollbook.domain.clock import SystemClock
from rollbook.domain.roles import Role
from rollbook.server.database import Database
from rollbook.server.migrating import migrate
from support.client_desk import ClientDesk
from support.putting_back import FileBackup
from support.school_server import SchoolServer, settings_for

MakeDesk = Callable[..., ClientDesk]


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    file = tmp_path_factory.mktemp("template") / "template.sqlite3"
    database = Database(settings_for(f"sqlite:///{file}", file.parent), SystemClock())
    migrate(database)
    database.close()
    return file


@pytest.fixture
def school(migrated: Path, tmp_path: Path) -> Iterator[SchoolServer]:
    """The server with a new school in it."""
    file = tmp_path / "school.sqlite3"
    shutil.copy(migrated, file)
    server = SchoolServer(f"sqlite:///{file}", tmp_path, sign_in_attempts=1000)
    yield server
    server.close()


@pytest.fixture
def make_desk(school: SchoolServer, tmp_path: Path) -> Iterator[MakeDesk]:
    """Makes computers; each has its own data folder and, unless named, its own user."""
    made: list[ClientDesk] = []

    def make(name: str | None = None, **settings: str) -> ClientDesk:
        data = tmp_path / f"desk{len(made)}"
        made.append(ClientDesk(school, data, name or school.user(Role.REGISTRAR), **settings))
        return made[-1]

    yield make
    for desk in made:
        desk.close()


@pytest.fixture
def desk(make_desk: MakeDesk) -> ClientDesk:
    """One computer, in sync with the empty school."""
    one = make_desk()
    one.sync()
    return one


@pytest.fixture
def backup(school: SchoolServer) -> FileBackup:
    """Takes and puts back copies of the school's file."""
    return FileBackup(school)
