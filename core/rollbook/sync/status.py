"""The truth, computed from the tables at each asking; never from the last run's outcome (S24)."""

from dataclasses import dataclass

from sqlalchemy import Connection

from rollbook.contract.feed import START, position_of
from rollbook.store import decisions, meta, outbox, recovery, scopes, staged
from rollbook.store.states import State
from rollbook.sync.check import check_is_due, tables_that_differ
from rollbook.sync.known_row import KNOWN
from rollbook.sync.pull import CONFIRMED, LAST_SYNCED


@dataclass(frozen=True, slots=True)
class TableStatus:
    """What the tables say. ``outstanding`` names in stable words what keeps it from being up to date.

    ``giving_back`` counts what a server that was put back has not taken yet (S22).
    """

    counts: dict[State, int]
    oldest_waiting_at: str | None
    last_synced_at: str | None
    cursor: str | None
    outstanding: tuple[str, ...]
    giving_back: int = 0


def table_status(
    connection: Connection,
    *,
    reachable: bool,
    runs: bool = True,
    overdue: bool = False,
    behind: bool = False,
) -> TableStatus:
    """Read the status; ``reachable`` says whether the head can be known now at all.

    ``runs`` is false after the engine has ended by a defect: nothing more is fetched or sent. ``overdue``
    says that entries were due while the server was there, and did not go (S25); ``behind``, that the server
    told of changes that could not be stored.
    """
    counts = outbox.counts(connection)
    facts = meta.several(connection, (meta.CURSOR, CONFIRMED, LAST_SYNCED, KNOWN))
    cursor = facts[meta.CURSOR]
    at_head = cursor is not None and cursor == facts[CONFIRMED] and not _is_passed(cursor, facts[KNOWN])
    outstanding = [str(state) for state in counts]
    if staged.count(connection):
        outstanding.append("importing")
    if recovery.step(connection) is not None:
        outstanding.append("server_put_back")
    outstanding += scopes.outstanding(connection)
    if decisions.declined_unread(connection):
        outstanding.append("declined")
    if not at_head or behind:
        outstanding.append("not_pulled")
    if check_is_due(connection):
        outstanding.append("check_due")
    if tables_that_differ(connection):
        outstanding.append("differs_from_school")
    if not runs:
        outstanding.append("engine_stopped")
    if overdue:
        outstanding.append("overdue")
    if not reachable:
        outstanding.append("head_unconfirmed")
    return TableStatus(
        counts=counts,
        oldest_waiting_at=outbox.oldest_waiting(connection) if counts else None,
        last_synced_at=facts[LAST_SYNCED],
        cursor=cursor,
        outstanding=tuple(outstanding),
        giving_back=recovery.outstanding(connection),
    )


def _is_passed(cursor: str, known: str | None) -> bool:
    """Whether the school has told, with an answer to something else, that its feed goes further."""
    return position_of(known or START) > position_of(cursor)
