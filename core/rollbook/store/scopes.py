"""What this user may see and write, as the feed told it, and how far this computer has followed (S23).

Each scope that bears on this computer is held, coming (its records are being fetched) or leaving (its entries
are being handed over, its records removed). All is in the tables, so that a crash only makes it go on.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec
from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from rollbook.contract.feed import Change
from rollbook.contract.proposals import decision_of
from rollbook.contract.scope import ScopeChange, change_of
from rollbook.domain.registry import ENTITIES
from rollbook.domain.scope import Act, Scope, as_text, from_text
from rollbook.store import decisions, meta
from rollbook.store.rows import read
from rollbook.store.states import State
from rollbook.store.tables import OPERATION, SCOPE

_VERSION = "scope_version"
_ROLE = "scope_role"
_TOLD = "scope_told"


class Following(StrEnum):
    """How far this computer has followed a scope."""

    HELD = "held"
    COMING = "coming"
    LEAVING = "leaving"


@dataclass(frozen=True, slots=True)
class Coming:
    """A scope whose records are being fetched; those up to the id ``after`` are here."""

    scope: Scope
    after: str


def take_told(connection: Connection, changes: Iterable[Change], *, at_head: bool) -> None:
    """Take what a page of the feed tells this user alone, in the page's transaction.

    A change of scope counts once the head is reached: only what is so now is followed, never a step of long
    ago that is read again.
    """
    for entry in changes:
        if entry.entity in ENTITIES:
            continue
        change, decision = change_of(entry), decision_of(entry)
        if change is not None:
            meta.put(connection, _TOLD, msgspec.json.encode(change).decode())
        elif decision is not None:
            decisions.take(connection, *decision, entry)
    told = meta.get(connection, _TOLD) if at_head else None
    if told is not None:
        _take_change(connection, msgspec.json.decode(told, type=ScopeChange))
        meta.put(connection, _TOLD, None)


def begin_anew(connection: Connection) -> None:
    """The feed is read again from its start, of a server that may have gone back in time (S22)."""
    connection.execute(delete(SCOPE))
    for name in (_VERSION, _ROLE, _TOLD):
        meta.put(connection, name, None)


def take_plan(connection: Connection, entities: Collection[str], rights: ScopeChange | None) -> None:
    """A snapshot holds these entities: what is here of any other was withdrawn, whenever that was.

    ``rights`` is all that the user has, where the server tells it with the plan; what may be read of it comes
    with the snapshot.
    """
    for scope in _all_scopes():
        if scope.entity not in entities:
            _set(connection, scope, Following.LEAVING)
    if rights is None:
        return
    told = from_text(rights.scopes)
    for scope in _all_scopes() - told:
        _set(connection, scope, Following.LEAVING)
    for scope in told:
        _set(connection, scope, Following.HELD)
        if scope.act is Act.WRITE:
            _send_again_what_was_forbidden(connection, scope.entity)
    _note(connection, rights)


def coming(connection: Connection) -> list[Coming]:
    """The scopes whose records are still to be fetched."""
    waiting = select(SCOPE).where(SCOPE.c.following == Following.COMING).order_by(SCOPE.c.scope)
    return [Coming(_scope(row.scope), row.after) for row in connection.execute(waiting)]


def leaving(connection: Connection) -> list[Scope]:
    """The scopes that were withdrawn and are not gone from here yet; those of writing first."""
    found = _followed(connection)
    left = [scope for scope, following in found.items() if following is Following.LEAVING]
    return sorted(left, key=lambda scope: (scope.act is not Act.WRITE, scope))


def held(connection: Connection, act: Act, entity: str) -> list[Scope]:
    """The scopes of that entity that the user has, as far as the feed has told."""
    return [
        scope
        for scope, following in _followed(connection).items()
        if (scope.act, scope.entity) == (act, entity) and following is not Following.LEAVING
    ]


def role(connection: Connection) -> str | None:
    """The user's role as the feed last told it, ``None`` where it never changed."""
    return meta.get(connection, _ROLE)


def may_write(connection: Connection, entity: str) -> bool:
    """Whether the user may still write records of the entity; what the feed has not taken away is theirs."""
    return meta.get(connection, _VERSION) is None or bool(held(connection, Act.WRITE, entity))


def fetched(connection: Connection, scope: Scope, after: str, *, more: bool) -> None:
    """The scope's records up to the id ``after`` are here; without ``more``, all of them."""
    following = Following.COMING if more else Following.HELD
    connection.execute(
        update(SCOPE)
        .where(SCOPE.c.scope == _text(scope), SCOPE.c.following == Following.COMING)
        .values(after=after, following=following)
    )


def left(connection: Connection, scope: Scope) -> None:
    """Nothing of the scope is here any more."""
    connection.execute(
        delete(SCOPE).where(SCOPE.c.scope == _text(scope), SCOPE.c.following == Following.LEAVING)
    )


def outstanding(connection: Connection) -> list[str]:
    """In stable words, what a change of scope still leaves to do."""
    found = set(_followed(connection).values())
    words = {Following.COMING: "records_coming", Following.LEAVING: "records_leaving"}
    return [word for following, word in words.items() if following in found]


def _take_change(connection: Connection, change: ScopeChange) -> None:
    """What is told is all that the user has, so only the latest counts; one read again changes nothing."""
    known = meta.get(connection, _VERSION)
    if known is not None and int(known) >= change.version:
        return
    told = from_text(change.scopes)
    # The first one may follow on anything: it is assumed that all was here, and that none of it is.
    before = _followed(connection) if known is not None else dict.fromkeys(_all_scopes(), Following.LEAVING)
    for scope in told:
        if before.get(scope, Following.LEAVING) is Following.LEAVING:
            _begin(connection, scope)
    for scope in before.keys() - told:
        _set(connection, scope, Following.LEAVING)
    _note(connection, change)


def _note(connection: Connection, change: ScopeChange) -> None:
    meta.put(connection, _VERSION, str(change.version))
    meta.put(connection, _ROLE, change.role)


def _begin(connection: Connection, scope: Scope) -> None:
    _set(connection, scope, Following.COMING if scope.act is Act.READ else Following.HELD)
    if scope.act is Act.WRITE:
        _send_again_what_was_forbidden(connection, scope.entity)


def _send_again_what_was_forbidden(connection: Connection, entity: str) -> None:
    """What was refused for want of the right that is back is no question to a person any more."""
    rows = connection.execute(
        select(OPERATION.c.op_id, OPERATION.c.problem).where(
            OPERATION.c.state == State.PARKED, OPERATION.c.entity == entity, OPERATION.c.problem.is_not(None)
        )
    ).all()
    mended = [row.op_id for row in rows if json.loads(row.problem).get("error") == "forbidden"]
    connection.execute(
        update(OPERATION).where(OPERATION.c.op_id.in_(mended)).values(state=State.QUEUED, problem=None)
    )


def _all_scopes() -> set[Scope]:
    reads = {Scope(Act.READ, name) for name in ENTITIES}
    return reads | {Scope(Act.WRITE, entity.name) for entity in ENTITIES.values() if entity.writable}


def _followed(connection: Connection) -> dict[Scope, Following]:
    followed = read(connection, "SELECT scope, following FROM scope")
    return {_scope(scope): Following(following) for scope, following in followed}


def _set(connection: Connection, scope: Scope, following: Following) -> None:
    values = {"following": following.value, "after": ""}
    statement = insert(SCOPE).values(scope=_text(scope), **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["scope"], set_=values))


def _text(scope: Scope) -> str:
    return json.dumps(as_text([scope])[0], ensure_ascii=False)


def _scope(text: str) -> Scope:
    words: Sequence[str] = json.loads(text)
    (scope,) = from_text([words])
    return scope
