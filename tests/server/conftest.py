"""Each test of the server runs on SQLite and on PostgreSQL, in a copy of a migrated template."""

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, make_url

from rollbook.domain.clock import SystemClock
from rollbook.server.database import Database
from rollbook.server.migrating import migrate
from support import postgres
from support.administered import Place
from support.school_server import SchoolServer, settings_for

TEMPLATE = "rollbook_template"


def _migrated(url: str, folder: Path) -> None:
    database = Database(settings_for(url, folder), SystemClock())
    migrate(database)
    database.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    file = tmp_path_factory.mktemp("template") / "template.sqlite3"
    _migrated(f"sqlite:///{file}", file.parent)
    return file


@pytest.fixture(scope="session")
def superuser() -> Iterator[URL]:
    """A superuser of a throw-away PostgreSQL."""
    with postgres.superuser_url() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_template(superuser: URL, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a migrated database, to be copied."""
    name = f"{TEMPLATE}_{uuid.uuid4().hex}"
    url = postgres.make_database(superuser, name)
    _migrated(url.render_as_string(hide_password=False), tmp_path_factory.mktemp("pg"))
    return name


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a migrated database of this module's own, of each kind in turn."""
    if request.param == "sqlite":
        file = tmp_path_factory.mktemp("db") / "school.sqlite3"
        shutil.copy(request.getfixturevalue("sqlite_template"), file)
        yield f"sqlite:///{file}"
        return
    superuser = request.getfixturevalue("superuser")
    name = f"rollbook_{uuid.uuid4().hex}"
    url = postgres.make_database(superuser, name, request.getfixturevalue("postgres_template"))
    yield url.render_as_string(hide_password=False)
    postgres.drop_database(superuser, name)


@pytest.fixture
def school(database: str, tmp_path: Path) -> Iterator[SchoolServer]:
    """The application with a new school in it."""
    server = SchoolServer(database, tmp_path)
    yield server
    server.close()


@pytest.fixture
def place(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A database of the test's own, with the user anna, on each kind."""
    if database.startswith("sqlite"):
        file = tmp_path / "data" / "school.sqlite3"
        file.parent.mkdir()
        shutil.copy(str(make_url(database).database), file)
        made = Place(f"sqlite:///{file}", tmp_path, None)
    else:
        superuser = request.getfixturevalue("superuser")
        name = f"rollbook_{uuid.uuid4().hex}"
        url = postgres.make_database(superuser, name, request.getfixturevalue("postgres_template"))
        made = Place(url.render_as_string(hide_password=False), tmp_path, superuser)
    made.user("anna")
    yield made
    if made.superuser is not None:
        postgres.drop_database(made.superuser, str(make_url(made.database).database))
