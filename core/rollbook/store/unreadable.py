"""Entries that this version cannot read: shown and counted, parked for a person, never dropped (S28).

Another version may have written them (a state, a kind or an entity of later), or the file was damaged.
"""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, false, func, or_, select, text, update

from rollbook.contract.operations import Kind
from rollbook.contract.problems import problem
from rollbook.domain.registry import ENTITIES
from rollbook.store.states import ACTIVE, SETTLED, State
from rollbook.store.tables import LANE, OPERATION

CODE = "entry-unreadable"
DOUBTFUL = "entry-doubtful"
_MANY = 2_000
_LONG_AGO = "1970-01-01T00:00:00+00:00"

_SHAPE = """
    typeof(op_id) <> 'text' OR typeof(entity_id) <> 'text' OR typeof(position) <> 'integer'
    OR typeof(payload_version) <> 'integer' OR typeof(attempts) <> 'integer' OR typeof(uncertain) <> 'integer'
    OR typeof(base_version) NOT IN ('integer', 'null') OR typeof(frozen) NOT IN ('blob', 'null')
    OR typeof(action_id) <> 'text' OR typeof(created_at) <> 'text' OR typeof(created_by) <> 'text'
    OR typeof(label) <> 'text' OR datetime(created_at) IS NULL
    OR CASE WHEN typeof(changes) = 'text' AND json_valid(changes) AND json_type(changes) = 'object'
       THEN EXISTS (SELECT 1 FROM json_each(changes) AS each WHERE each.type <> 'object'
            OR json_type(each.value, '$.had') IS NULL OR json_type(each.value, '$.value') IS NULL)
       ELSE 1 END
    OR CASE WHEN typeof(depends_on) = 'text' AND json_valid(depends_on)
       THEN json_type(depends_on) <> 'array' ELSE 1 END
    OR CASE WHEN typeof(problem) = 'text' AND json_valid(problem)
       THEN json_type(problem) <> 'object' ELSE problem IS NOT NULL END
    OR CASE WHEN typeof(conflict) = 'text' AND json_valid(conflict)
       THEN json_type(conflict) <> 'object' ELSE conflict IS NOT NULL END
"""


def exist(connection: Connection) -> bool:
    """Whether there is one that is not parked yet.

    Where very many wait, their texts are not looked through: those are parked when it is their turn to go.
    """
    if _strange_states(connection):
        return True
    waits = OPERATION.c.state.in_(ACTIVE)
    many = connection.execute(select(func.count()).select_from(OPERATION).where(waits)).scalar_one() > _MANY
    found = select(OPERATION.c.sequence).where(_found(ACTIVE, texts=not many)).limit(1)
    return connection.execute(found).first() is not None


def park_strange(connection: Connection) -> None:
    """Park those whose state alone says that another version wrote them; takes no time where none is."""
    if _strange_states(connection):
        park(connection)


def park(connection: Connection) -> int:
    """Park them, each saying what it was; returns how many."""
    states = (*ACTIVE, *_strange_states(connection))
    rows = connection.execute(select(OPERATION).where(_found(states))).all()
    for row in rows:
        connection.execute(
            update(OPERATION)
            .where(OPERATION.c.sequence == row.sequence)
            .values(
                state=State.PARKED,
                problem=json.dumps(_problem(row), ensure_ascii=False),
                conflict=None,
                carried_by=None,
                **_mended(row),
            )
        )
        _park_riders(connection, row)
        _give_a_lane(connection, row)
    return len(rows)


def park_doubtful(connection: Connection, sequences: Collection[int]) -> None:
    """Park entries that wait and of which the disk may have changed something: a person compares them."""
    rows = connection.execute(
        select(OPERATION).where(OPERATION.c.sequence.in_(sequences), OPERATION.c.state.in_(ACTIVE))
    ).all()
    for row in rows:
        _park_group(connection, row, DOUBTFUL)


def _strange_states(connection: Connection) -> list[Any]:
    """States that this version does not know, read by leaps along the index."""
    leap = select(OPERATION.c.state).order_by(OPERATION.c.state).limit(1)
    found: list[Any] = []
    state = connection.execute(leap).scalar()
    while state is not None:
        found.append(state)
        state = connection.execute(leap.where(OPERATION.c.state > state)).scalar()
    return [state for state in found if state not in set(State)]


def _found(states: Sequence[Any], *, texts: bool = True) -> ColumnElement[bool]:
    versions = [(entity.name, entity.payload_version) for entity in ENTITIES.values()]
    later = " OR ".join(f"(entity = '{name}' AND payload_version > {version})" for name, version in versions)
    strange = or_(
        OPERATION.c.state.not_in(list(State)),
        OPERATION.c.kind.not_in(list(Kind)),
        OPERATION.c.entity.not_in(list(ENTITIES)),
        text(f"({later})"),
        text(f"({_SHAPE})") if texts else false(),
    )
    not_parked_yet = text(
        "NOT CASE WHEN state = 'parked' AND typeof(problem) = 'text' AND json_valid(problem) "
        f"THEN coalesce(json_extract(problem, '$.error') = '{CODE}', 0) ELSE 0 END"
    )
    return and_(OPERATION.c.state.in_(states), not_parked_yet, strange)


def _park_riders(connection: Connection, carrier: Any) -> None:
    """They go in its bytes, and are decided with it."""
    connection.execute(
        update(OPERATION)
        .where(OPERATION.c.carried_by == carrier.op_id, OPERATION.c.state.not_in(SETTLED))
        .values(state=State.PARKED, problem=json.dumps(_problem(carrier), ensure_ascii=False))
    )


def _park_group(connection: Connection, row: Any, code: str) -> None:
    """Those that ride in its bytes are decided with it; one that rides itself, with its carrier."""
    carrier = row.carried_by or row.op_id
    connection.execute(
        update(OPERATION)
        .where(
            (OPERATION.c.op_id == carrier) | (OPERATION.c.carried_by == carrier),
            OPERATION.c.state.not_in(SETTLED),
        )
        .values(state=State.PARKED, problem=json.dumps(_problem(row, code), ensure_ascii=False))
    )


def _problem(row: Any, code: str = CODE) -> dict[str, Any]:
    """The problem, with what the entry was where that is known."""
    was = {name: row._mapping[name] for name in ("state", "kind", "entity", "payload_version")}
    plain = {name: value if isinstance(value, str | int) else str(value) for name, value in was.items()}
    return {**msgspec.to_builtins(problem(code)), "was": plain}


def _mended(row: Any) -> dict[str, Any]:
    """Only what every list needs to go on; what a person entered stays as it is."""
    has = row._mapping
    least = {"position": row.sequence, "attempts": 0, "uncertain": 1}
    texts = ("op_id", "entity_id", "action_id", "created_at", "created_by", "label")
    mended = {name: value for name, value in least.items() if not isinstance(has[name], int)} | {
        name: str(has[name] or "") for name in texts if not isinstance(has[name], str)
    }
    return mended if _is_moment(has["created_at"]) else mended | {"created_at": _LONG_AGO}


def _is_moment(text: Any) -> bool:
    try:
        datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return False
    return True


def _give_a_lane(connection: Connection, row: Any) -> None:
    has = connection.execute(select(LANE.c.lane).where(LANE.c.sequence == row.sequence).limit(1)).first()
    if has is None:
        connection.execute(LANE.insert().values(lane=str(row.entity_id or ""), sequence=row.sequence))
