"""No new numbers while a school is being recovered: not all blocks in use are known yet (S22)."""

from sqlalchemy import Connection, delete, insert, select

from rollbook.server.tables import number_hold


def numbers_held(connection: Connection, school_id: str) -> bool:
    """Whether new blocks are refused now. Asked inside the transaction that would give one."""
    query = select(number_hold.c.since).where(number_hold.c.school_id == school_id)
    return connection.execute(query).first() is not None


def hold_numbers(connection: Connection, school_id: str, at: str) -> None:
    """Refuse new blocks from now on; ``at`` is ISO 8601 in UTC. Doing it again changes nothing."""
    if not numbers_held(connection, school_id):
        connection.execute(insert(number_hold).values(school_id=school_id, since=at))


def release_numbers(connection: Connection, school_id: str) -> None:
    """Give new blocks again: the recovery is ended, and the desks have told which blocks they use."""
    connection.execute(delete(number_hold).where(number_hold.c.school_id == school_id))
