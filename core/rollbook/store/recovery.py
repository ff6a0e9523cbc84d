"""What this computer has to give back to a server that was put back, and how far that is (S22).

An acknowledged entry that the server lost is in the state ``giving_back``. A lost version is marked in
``known_version``: ``lost`` is to be offered, ``held`` waits at the server and is offered again, ``done`` goes
or went as an entry instead, ``left`` is in the server's keeping. Of one in ``rest`` the own edit goes so, and
what it holds of others' is still to be entered.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, select, tuple_, update

from rollbook.contract.feed import Change
from rollbook.contract.operations import Kind
from rollbook.contract.problems import problem
from rollbook.domain.registry import ENTITIES
from rollbook.store import meta, replica
from rollbook.store.rows import as_json, listed, read
from rollbook.store.states import ACTIVE, State
from rollbook.store.tables import KNOWN_VERSION, OPERATION

BEGUN, WAITING = "begun", "waiting"
LOST, HELD, DONE, LEFT, REST = "lost", "held", "done", "left", "rest"
OFFERED = (LOST, HELD)
OUTSTANDING = (*OFFERED, REST)
# Asked by every status: with state <> '' it is read along the index of what is marked at all.
_OUTSTANDING = (
    f"WITH entries AS (SELECT op_id FROM operation WHERE state = '{State.GIVING_BACK.value}') "
    "SELECT (SELECT count(*) FROM entries), (SELECT count(*) FROM known_version "
    f"WHERE state <> '' AND state IN ({listed(OUTSTANDING)}) AND op_id NOT IN (SELECT op_id FROM entries))"
)
_ASK = "ask_for_receipts"
_FILES = "give_files_back"


@dataclass(frozen=True, slots=True)
class Lost:
    """A version to be given back. ``before`` is the seal of the nearest earlier one that is known here."""

    number: int
    change: Change
    before: str
    frozen: bytes | None
    state: str


def step(connection: Connection) -> str | None:
    """``begun``: what is lost is being found out; ``waiting``: some is not taken yet; ``None``: well."""
    return meta.get(connection, meta.RECOVERY)


def set_step(connection: Connection, to: str | None) -> None:
    """The recovery is at that step from now on."""
    meta.put(connection, meta.RECOVERY, to)


def ask_for_receipts(connection: Connection, *, wanted: bool) -> None:
    """Whether the school is to be asked, before anything else, if it still has what it acknowledged.

    A store that was damaged may have lost by what a server that was put back is noticed (S28).
    """
    meta.put(connection, _ASK, "1" if wanted else None)


def is_to_ask(connection: Connection) -> bool:
    """Whether that is still to be asked."""
    return meta.get(connection, _ASK) is not None


def give_files_back(connection: Connection, *, wanted: bool) -> None:
    """Whether the school may lack files that are here: it was put back, or has records again that name some.

    Kept, as a cut may come between the records and their files.
    """
    meta.put(connection, _FILES, "1" if wanted else None)


def are_files_to_give(connection: Connection) -> bool:
    """Whether that is still to be looked at."""
    return meta.get(connection, _FILES) is not None


def doubt_bases(connection: Connection) -> None:
    """What entries that wait were made on may be gone: without its seal, nothing is sure to have been seen.

    So an archive asks (S15); what was sent before keeps its bytes. What is entered before all is read anew is
    doubted likewise: :func:`rollbook.store.versions.are_bases_in_doubt`.
    """
    meta.put(connection, meta.BASES_IN_DOUBT, "1")
    connection.execute(
        update(OPERATION)
        .where(
            OPERATION.c.state.in_(ACTIVE),
            OPERATION.c.frozen.is_(None),
            OPERATION.c.base_version.is_not(None),
            OPERATION.c.base_seal == "",
        )
        .values(base_version=0)
    )


def bases_are_read_anew(connection: Connection) -> None:
    """All that is shown is the school's again, but for a reading that began before the notice."""
    if step(connection) != BEGUN:
        meta.put(connection, meta.BASES_IN_DOUBT, None)


def acknowledged(connection: Connection, since: str, after: int, limit: int) -> Sequence[Any]:
    """Entries that the school had, or its registrar, settled since that time: rows of (sequence, op_id,
    state, frozen), a part at a time."""
    is_known = (OPERATION.c.state == State.APPLIED) & OPERATION.c.frozen.is_not(None)
    return connection.execute(
        select(OPERATION.c.sequence, OPERATION.c.op_id, OPERATION.c.state, OPERATION.c.frozen)
        .where(
            is_known | (OPERATION.c.state == State.HANDED_OVER),
            OPERATION.c.carried_by.is_(None),
            OPERATION.c.settled_at >= since,
            OPERATION.c.sequence > after,
        )
        .order_by(OPERATION.c.sequence)
        .limit(limit)
    ).all()


def mark_lost_entries(connection: Connection, op_ids: Collection[str]) -> None:
    """The server has no receipt for these any more, nor are they with the registrar."""
    connection.exec_driver_sql(
        "UPDATE operation SET state = 'giving_back', uncertain = 1 "
        "WHERE state IN ('applied', 'handed_over') AND "
        "(op_id IN (SELECT value FROM json_each(?1)) OR carried_by IN (SELECT value FROM json_each(?1)))",
        (json.dumps(list(op_ids)),),
    )


def tell_lost(connection: Connection, op_ids: Iterable[str]) -> None:
    """Nobody has these any more: not the registrar, nor this computer, whose user may not see them (S23)."""
    cause = as_json(problem("lost-with-the-registrar"))
    for op_id in op_ids:
        handed = OPERATION.c.state == State.HANDED_OVER
        _set_entry(connection, op_id, handed, State.PARKED, problem=cause, settled_at=None)


def versions_after(connection: Connection, after: int, limit: int) -> Sequence[Any]:
    """Versions that the school made, in the order in which they came here, a part at a time."""
    names = (KNOWN_VERSION.c.entity, KNOWN_VERSION.c.entity_id, KNOWN_VERSION.c.version, KNOWN_VERSION.c.seal)
    return connection.execute(
        select(KNOWN_VERSION.c.number, *names)
        .where(KNOWN_VERSION.c.number > after, KNOWN_VERSION.c.state != DONE)
        .order_by(KNOWN_VERSION.c.number)
        .limit(limit)
    ).all()


def mark_versions(connection: Connection, seals: Collection[str], state: str) -> None:
    """The versions of those seals are in that state."""
    connection.exec_driver_sql(
        "UPDATE known_version SET state = ?1 WHERE seal IN (SELECT value FROM json_each(?2)) AND state <> ?1",
        (state, json.dumps(list(seals))),
    )


def to_offer(connection: Connection, after: tuple[str, int, str], limit: int) -> list[Lost]:
    """Lost versions behind (record id, version, seal), in that order, a part at a time."""
    place = (KNOWN_VERSION.c.entity_id, KNOWN_VERSION.c.version, KNOWN_VERSION.c.seal)
    rows = connection.execute(
        select(KNOWN_VERSION)
        .where(KNOWN_VERSION.c.state.in_(OFFERED), _behind(place, after))
        .order_by(*place)
        .limit(limit)
    ).all()
    return [_lost(connection, row) for row in rows]


def take_back(connection: Connection, seals: Collection[str]) -> None:
    """The server has those versions again; so their entries, where they are ours, are applied as before."""
    mark_versions(connection, seals, "")
    made = (
        "SELECT operation.op_id, known_version.version FROM known_version "
        "JOIN operation ON operation.op_id = known_version.op_id "
        "WHERE known_version.seal IN (SELECT value FROM json_each(?)) "
        "AND operation.state IN ('giving_back', 'unknown')"
    )
    back = connection.exec_driver_sql(made, (json.dumps(list(seals)),)).all()
    if not back:
        return
    for column in ("op_id", "carried_by"):
        connection.exec_driver_sql(
            "UPDATE operation SET state = 'applied', uncertain = 0, result_version = ? "
            f"WHERE {column} = ? AND state IN ('giving_back', 'unknown')",
            [(row.version, row.op_id) for row in back],
        )
    for entity, record_ids in _records_of(connection, [row.op_id for row in back]).items():
        replica.renew(connection, ENTITIES[entity], dict.fromkeys(record_ids), {})


def send_anew(connection: Connection, seal: str) -> None:
    """The record went another way: our entry is sent as any other, the same bytes, and decided by S13."""
    row = _version(connection, seal)
    mark_versions(connection, [seal], DONE)
    if row is not None:
        _send_entry(connection, row.op_id)


def send_rest_anew(connection: Connection) -> int:
    """Lost entries of which no version is known here are sent as any other; returns how many."""
    known = select(KNOWN_VERSION.c.op_id).where(KNOWN_VERSION.c.state.in_(OFFERED))
    rest = connection.execute(
        select(OPERATION.c.op_id).where(
            OPERATION.c.state == State.GIVING_BACK,
            OPERATION.c.carried_by.is_(None),
            OPERATION.c.op_id.not_in(known),
        )
    ).scalars()
    op_ids = list(rest)
    for op_id in op_ids:
        _send_entry(connection, op_id)
    return len(op_ids)


def outstanding(connection: Connection) -> int:
    """How many entries and versions are still to be given back; an own entry and its version count once."""
    ((own, others),) = read(connection, _OUTSTANDING)
    return int(own + others)


def edit_of(connection: Connection, seal: str) -> tuple[Change, Kind, dict[str, dict[str, Any]]] | None:
    """A version as an edit on the one before it, so that it can be entered; ``None`` where it is gone."""
    row = _version(connection, seal)
    if row is None:
        return None
    change = msgspec.json.decode(row.change, type=Change)
    earlier = _nearest_before(connection, row)
    had = {} if earlier is None else earlier.values or {}
    values = change.values or {}
    changes = {
        name: {"had": had.get(name), "value": values.get(name)}
        for name in ENTITIES[change.entity].names
        if had.get(name) != values.get(name)
    }
    if change.deleted:
        return change, Kind.ARCHIVE, {}
    revived = earlier is not None and earlier.deleted
    return change, Kind.CREATE if change.version == 1 or revived else Kind.UPDATE, changes


def of_which_the_rest_is_left(connection: Connection) -> list[str]:
    """The seals of versions of which others' values are still to be entered, in the order of the versions."""
    found = select(KNOWN_VERSION.c.seal).where(KNOWN_VERSION.c.state == REST)
    return list(connection.execute(found.order_by(KNOWN_VERSION.c.number)).scalars())


def last_lost_values(connection: Connection, entity_id: str) -> Mapping[str, Any]:
    """The values of the last version of the record that the school lost, as far as it is known here."""
    last = (
        select(KNOWN_VERSION.c.change)
        .where(KNOWN_VERSION.c.entity_id == entity_id, KNOWN_VERSION.c.state != "")
        .order_by(KNOWN_VERSION.c.version.desc(), KNOWN_VERSION.c.number.desc())
        .limit(1)
    )
    found = connection.execute(last).scalar()
    return {} if found is None else msgspec.json.decode(found, type=Change).values or {}


def is_before_known(connection: Connection, seal: str) -> bool:
    """Whether the version right before it is known here, or it is the first."""
    row = _version(connection, seal)
    after = "" if row is None else msgspec.json.decode(row.change, type=Change).after
    return not after or _version(connection, after) is not None


def _version(connection: Connection, seal: str) -> Any:
    return connection.execute(select(KNOWN_VERSION).where(KNOWN_VERSION.c.seal == seal)).first()


def _behind(place: tuple[Any, ...], after: tuple[str, int, str]) -> ColumnElement[bool]:
    return tuple_(*place) > tuple_(*after)


def _lost(connection: Connection, row: Any) -> Lost:
    change = msgspec.json.decode(row.change, type=Change)
    frozen = connection.execute(
        select(OPERATION.c.frozen).where(OPERATION.c.op_id == row.op_id, OPERATION.c.carried_by.is_(None))
    ).scalar()
    earlier = _nearest_before(connection, row)
    before = change.after if earlier is None else earlier.seal
    return Lost(row.number, change, before, frozen, row.state)


def _nearest_before(connection: Connection, row: Any) -> Change | None:
    """The one right before it where that is known, else the latest of a lower number."""
    exactly = _version(connection, msgspec.json.decode(row.change, type=Change).after)
    if exactly is not None:
        return msgspec.json.decode(exactly.change, type=Change)
    found = connection.execute(
        select(KNOWN_VERSION.c.change)
        .where(
            KNOWN_VERSION.c.entity_id == row.entity_id,
            KNOWN_VERSION.c.version < row.version,
            KNOWN_VERSION.c.number < row.number,
        )
        .order_by(KNOWN_VERSION.c.version.desc(), KNOWN_VERSION.c.number.desc())
        .limit(1)
    ).scalar()
    return None if found is None else msgspec.json.decode(found, type=Change)


def _records_of(connection: Connection, op_ids: Collection[str]) -> dict[str, list[str]]:
    rows = connection.exec_driver_sql(
        "SELECT entity, entity_id FROM operation WHERE op_id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(op_ids)),),
    )
    found: dict[str, list[str]] = {}
    for entity, record_id in rows:
        found.setdefault(entity, []).append(record_id)
    return found


def _send_entry(connection: Connection, op_id: str) -> None:
    lost = OPERATION.c.state == State.GIVING_BACK
    _set_entry(connection, op_id, lost, State.UNKNOWN, uncertain=1)


def _set_entry(
    connection: Connection, op_id: str, where: ColumnElement[bool], state: State, **values: Any
) -> bool:
    """Set the entry, and those that its bytes carry; whether there was one in such a state."""
    mine = (OPERATION.c.op_id == op_id) | (OPERATION.c.carried_by == op_id)
    done = connection.execute(update(OPERATION).where(mine, where).values(state=state, **values))
    return done.rowcount > 0
