"""Who gave back what, and versions that wait, in the database (S22)."""

from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, tuple_, update

from rollbook.contract.feed import Change
from rollbook.contract.recovery import GaveBack, HeldVersion, RecoveryView
from rollbook.domain.labels import label_of
from rollbook.server.recovery.judge import Candidate
from rollbook.server.recovery.settled import Waiting, still_waiting
from rollbook.server.recovery.states import OPEN, TAKEN
from rollbook.server.sync.known import RecordKey, in_parts
from rollbook.server.tables import given_back, recovery, school_feed

MAX_SHOWN = 500


def latest(connection: Connection, school_id: str) -> Any:
    """The row of the school's latest recovery, ``None`` for none."""
    query = select(recovery).where(recovery.c.school_id == school_id).order_by(recovery.c.id.desc())
    return connection.execute(query.limit(1)).first()


def one_at_a_time(connection: Connection, school_id: str) -> None:
    """Hold others who would begin a recovery of this school, until the commit."""
    mine = school_feed.c.school_id == school_id
    connection.execute(update(school_feed).where(mine).values(head=school_feed.c.head))


def begin(connection: Connection, school_id: str, recovery_id: str, at: str, by: str) -> None:
    """A recovery begins: a desk has noticed that the server was put back."""
    values = {"school_id": school_id, "id": recovery_id, "begun_at": at, "begun_by": by}
    connection.execute(insert(recovery).values(values))


def end(connection: Connection, school_id: str, recovery_id: str, at: str, by: str, head: int) -> None:
    """The administrator ends it; ``head`` is the feed's head then."""
    connection.execute(
        update(recovery)
        .where(recovery.c.school_id == school_id, recovery.c.id == recovery_id)
        .values(ended_at=at, ended_by=by, ended_head=head)
    )


def rows_of(connection: Connection, school_id: str, seals: Collection[str]) -> dict[str, Any]:
    """Rows of those seals, whatever their state."""
    return {
        row.seal: row
        for some in in_parts(sorted(seals))
        for row in connection.execute(
            select(given_back).where(given_back.c.school_id == school_id, given_back.c.seal.in_(some))
        )
    }


def waiting_of(connection: Connection, school_id: str, keys: Collection[RecordKey]) -> list[Any]:
    """Rows that wait, of those records."""
    columns = tuple_(given_back.c.entity, given_back.c.entity_id)
    return [
        row
        for some in in_parts(sorted(keys))
        for row in connection.execute(
            select(given_back).where(
                given_back.c.school_id == school_id,
                given_back.c.state.in_(OPEN),
                columns.in_(list(some)),
            )
        )
    ]


def waiting_records(connection: Connection, school_id: str) -> list[RecordKey]:
    """Every record with versions that wait."""
    query = (
        select(given_back.c.entity, given_back.c.entity_id)
        .where(given_back.c.school_id == school_id, given_back.c.state.in_(OPEN))
        .distinct()
        .order_by(given_back.c.entity, given_back.c.entity_id)
    )
    return [(row.entity, row.entity_id) for row in connection.execute(query)]


def candidate_of(row: Any) -> Candidate:
    """A row that waits, as it was given back."""
    change = msgspec.json.decode(row.payload, type=Change)
    return Candidate(change, row.before, row.operation, row.user_id, row.user_name, row.device)


def keep(connection: Connection, school_id: str, at: str, rows: Iterable[tuple[Candidate, str]]) -> None:
    """Keep versions in those states, in place of what was kept of them."""
    made = [_row(school_id, at, item, state) for item, state in rows]
    if not made:
        return
    for some in in_parts([row["seal"] for row in made]):
        connection.execute(
            delete(given_back).where(given_back.c.school_id == school_id, given_back.c.seal.in_(some))
        )
    connection.execute(insert(given_back), made)


def _row(school_id: str, at: str, item: Candidate, state: str) -> dict[str, Any]:
    change = item.change
    done = state == TAKEN  # its content is in the record and the history now
    return {
        "school_id": school_id,
        "seal": change.seal,
        "entity": change.entity,
        "entity_id": change.id,
        "version": change.version,
        "before": item.before,
        "payload": "" if done else msgspec.json.encode(change).decode(),
        "operation": None if done else item.operation,
        "state": state,
        "user_id": item.user_id,
        "user_name": item.user_name,
        "device": item.device,
        "at": at,
    }


def view(connection: Connection, school_id: str) -> RecoveryView | None:
    """The latest recovery for the administrator: up to 500 of the versions that wait."""
    row = latest(connection, school_id)
    if row is None:
        return None
    return RecoveryView(
        id=row.id,
        begun_at=row.begun_at,
        begun_by=row.begun_by,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
        gave_back=_gave_back(connection, school_id, row.begun_at),
        waiting=[_held(each) for each in islice(_not_back(connection, school_id), MAX_SHOWN)],
    )


def _gave_back(connection: Connection, school_id: str, since: str) -> list[GaveBack]:
    """What was given back in the recovery that began then; earlier ones have rows, too."""
    columns = (given_back.c.user_name, given_back.c.device)
    query = (
        select(*columns, func.count().label("versions"))
        .where(given_back.c.school_id == school_id, given_back.c.state == TAKEN, given_back.c.at >= since)
        .group_by(*columns)
        .order_by(*columns)
    )
    return [GaveBack(row.user_name, row.device, row.versions) for row in connection.execute(query)]


def _not_back(connection: Connection, school_id: str) -> Iterator[Waiting]:
    place = (given_back.c.entity, given_back.c.entity_id, given_back.c.version, given_back.c.seal)
    query = (
        select(given_back)
        .where(given_back.c.school_id == school_id, given_back.c.state != TAKEN)
        .order_by(*place)
        .limit(MAX_SHOWN)
    )
    rows = connection.execute(query).all()
    while rows:
        waiting = [Waiting(row, msgspec.json.decode(row.payload, type=Change)) for row in rows]
        yield from still_waiting(connection, school_id, waiting)
        last = rows[-1]
        after = (last.entity, last.entity_id, last.version, last.seal)
        rows = connection.execute(query.where(tuple_(*place) > after)).all()


def _held(item: Waiting) -> HeldVersion:
    row, change = item.row, item.change
    return HeldVersion(
        row.entity,
        row.entity_id,
        row.version,
        row.state,
        change.by,
        row.user_name,
        row.device,
        label_of(change.values or {}),
    )
