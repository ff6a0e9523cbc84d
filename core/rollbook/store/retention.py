"""What is kept for a while only: settled entries, and versions that could be given back (S22)."""

from sqlalchemy import Connection, delete

from rollbook.store import runs, set_aside, versions
from rollbook.store.states import State
from rollbook.store.tables import OPERATION

_SETTLED = (State.APPLIED, State.REPLACED, State.DISCARDED)


def forget_before(connection: Connection, moment: str) -> int:
    """Forget entries settled, and versions kept, before that moment (ISO 8601 in UTC); how many went."""
    runs.forget_before(connection, moment)
    settled = connection.execute(
        delete(OPERATION).where(OPERATION.c.state.in_(_SETTLED), OPERATION.c.settled_at < moment)
    ).rowcount
    return settled + versions.forget(connection, moment) + set_aside.forget(connection, moment)
