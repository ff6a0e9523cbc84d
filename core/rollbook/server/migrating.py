"""Bringing a database to this release's schema. Alembic is loaded only when it is needed."""

from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from rollbook.server.database import Database
from rollbook.server.installation import ensure_installation
from rollbook.server.migrations import HEAD

if TYPE_CHECKING:
    from alembic.config import Config

_LONGEST_SECONDS = 3_600.0


class LaterReleaseError(Exception):
    """The database is of a release that came after this one; the message says what to do."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"The database is of a later release of Rollbook (schema {revision}; this one knows up to "
            f"{HEAD}): install that release, or put a backup of this one back."
        )


def migrate(database: Database) -> None:
    """Bring the schema to the head, and give a new database its identity; one transaction.

    Raises :class:`ProblemError`, and :class:`LaterReleaseError` before anything is changed.
    """
    from alembic import command

    config = _alembic()

    def upgrade(connection: Connection) -> None:
        refuse_later(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        ensure_installation(connection, database.clock)

    database.write(upgrade, longest_seconds=_LONGEST_SECONDS)


def refuse_later(connection: Connection) -> None:
    """Raise :class:`LaterReleaseError` for a database whose schema this release does not know."""
    revision = revision_of(connection)
    if revision is not None and revision not in known_revisions():
        raise LaterReleaseError(revision)


def known_revisions() -> frozenset[str]:
    """Every schema that this release knows: its own, and those that it can bring to its own."""
    from alembic.script import ScriptDirectory

    return frozenset(each.revision for each in ScriptDirectory.from_config(_alembic()).walk_revisions())


def _alembic() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "rollbook.server:migrations")
    return config


def revision_of(connection: Connection) -> str | None:
    """The revision that the database is at, ``None`` for one that was never migrated."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def is_migrated(database: Database) -> bool:
    """Whether the database is at this release's schema. Raises :class:`ProblemError` where it cannot say."""
    return database.read(revision_of) == HEAD
