"""The migrations make what the descriptions say, on both databases, forwards and back (H1, S28)."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from rollbook.domain.clock import SystemClock
from rollbook.server.database import Database
from rollbook.server.migrating import is_migrated, migrate
from rollbook.server.migrations import HEAD
from rollbook.server.tables import metadata
from support.school_server import SchoolServer, settings_for


def test_h1_the_migrated_schema_is_the_described_one(school: SchoolServer) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    assert school.parts.database.read(differences) == []


def test_s28_the_head_that_readyz_asks_for_is_the_last_migration() -> None:
    config = Config()
    config.set_main_option("script_location", "rollbook.server:migrations")
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_s28_migrating_again_changes_nothing(school: SchoolServer) -> None:
    before = school.rows("SELECT id FROM installation")
    migrate(school.parts.database)
    assert school.rows("SELECT id FROM installation") == before
    assert is_migrated(school.parts.database)


def test_s28_a_server_before_its_migration_is_not_ready_and_says_why(tmp_path: Path) -> None:
    from rollbook.server.app import create_app
    from support.school_server import AsgiClient

    app = create_app(settings_for(f"sqlite:///{tmp_path / 'new.sqlite3'}", tmp_path))
    client = AsgiClient(app)
    assert client.get("/healthz").status_code == 200
    for path in ("/readyz", "/api/v1/server"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["error"]) in (
            (503, "database-unavailable"),
            (500, "internal-error"),
        )
    assert "migrate" in client.get("/readyz").json()["detail"]
    migrate(app.state.parts.database)
    assert client.get("/readyz").status_code == 200
    assert client.get("/healthz").headers["X-Rollbook-Installation"]
    app.state.parts.database.close()


def test_s28_a_database_that_was_never_migrated_is_known(tmp_path: Path) -> None:
    database = Database(settings_for(f"sqlite:///{tmp_path / 'new.sqlite3'}", tmp_path), SystemClock())
    assert not is_migrated(database)
    database.close()
