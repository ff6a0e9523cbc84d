"""When the last backup was made, kept in the database itself."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from rollbook.domain.clock import Clock
from rollbook.server.tables import backup_made

_LAST = "last"


@dataclass(frozen=True, slots=True)
class LastBackup:
    """Of that age in seconds, and that size."""

    at: str
    seconds_ago: float
    bytes: int


def note_backup(connection: Connection, clock: Clock, size: int) -> None:
    """A backup of ``size`` bytes has just been made."""
    now = clock.now()
    connection.execute(delete(backup_made))
    connection.execute(
        insert(backup_made).values(
            name=_LAST, at=now.isoformat(), at_seconds=int(now.timestamp()), bytes=size
        )
    )


def last_backup(connection: Connection, clock: Clock) -> LastBackup | None:
    """The last one; ``None`` where none was ever made by this server's command."""
    row = connection.execute(select(backup_made).where(backup_made.c.name == _LAST)).first()
    if row is None:
        return None
    return LastBackup(row.at, max(0.0, clock.now().timestamp() - row.at_seconds), row.bytes)
