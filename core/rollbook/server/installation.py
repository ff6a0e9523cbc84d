"""Which installation this is (S10), and the secret that its tokens are signed with."""

import secrets
import uuid
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from rollbook.domain.clock import Clock
from rollbook.server.database import Database
from rollbook.server.problems import ProblemError
from rollbook.server.tables import installation


@dataclass(frozen=True, slots=True)
class Installation:
    """The installation's id and its secret of 32 bytes."""

    id: str
    secret: bytes


class KnownInstallation:
    """Reads the installation once; until the database has answered, it is not known."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._found: Installation | None = None

    def id_if_known(self) -> str | None:
        """The id without asking the database."""
        return None if self._found is None else self._found.id

    def get(self) -> Installation:
        """The installation. Raises :class:`ProblemError` where the database does not say."""
        if self._found is None:
            self._found = self._database.read(read_installation)
        if self._found is None:
            raise ProblemError("database-unavailable", "The database has not been migrated.")
        return self._found


def read_installation(connection: Connection) -> Installation | None:
    """The installation as the database has it."""
    row = connection.execute(select(installation.c.id, installation.c.secret)).first()
    return None if row is None else Installation(row.id, row.secret)


def ensure_installation(connection: Connection, clock: Clock) -> None:
    """Give a new database its identity; one that has it keeps it."""
    if read_installation(connection) is None:
        connection.execute(
            insert(installation).values(
                id=str(uuid.uuid4()), secret=secrets.token_bytes(32), created_at=clock.now().isoformat()
            )
        )
