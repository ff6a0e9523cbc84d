"""Somebody else's lost version entered here, so that a person of this computer is asked (S14, S22)."""

from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import Connection

from rollbook.contract.feed import Change
from rollbook.contract.operations import Kind, Operation
from rollbook.domain.clock import Clock
from rollbook.domain.ids import natural_id
from rollbook.domain.labels import label_of
from rollbook.domain.registry import ENTITIES
from rollbook.store import outbox, recovery, replica
from rollbook.store.outbox import NewEntry


def enter_version(connection: Connection, seal: str, new_id: Callable[[], str], clock: Clock) -> None:
    """Enter it once: the same version gives the same entry. It saw what stood before it, and no version."""
    edit = recovery.edit_of(connection, seal)
    if edit is not None and edit[1] is Kind.UPDATE and not recovery.is_before_known(connection, seal):
        edit = _without_what_is_so(connection, edit)
    if edit is not None and (edit[2] or edit[1] is Kind.ARCHIVE):
        _enter(connection, natural_id("given back", seal), edit, new_id, clock)


def _without_what_is_so(
    connection: Connection, edit: tuple[Change, Kind, dict[str, dict[str, Any]]]
) -> tuple[Change, Kind, dict[str, dict[str, Any]]]:
    """Where nobody here knows what stood before, values that the school has as well are no edit."""
    change, kind, changes = edit
    _version, base, _deleted = replica.base_of(connection, ENTITIES[change.entity], change.id)
    return change, kind, {name: each for name, each in changes.items() if base.get(name) != each["value"]}


def enter_rest(connection: Connection, seal: str, new_id: Callable[[], str], clock: Clock) -> None:
    """Our own version holds what others had changed before it. Where their versions are known nowhere here,
    those values would be gone: they are entered, and asked about where the school has others.

    To be called once the school's records are read anew. What was given up later is not entered again.
    """
    edit = None if recovery.is_before_known(connection, seal) else recovery.edit_of(connection, seal)
    if edit is None or edit[1] is not Kind.UPDATE:
        return
    change, kind, changes = edit
    entry = outbox.find(connection, change.op_id)
    if entry is None or entry.frozen is None:
        return
    _version, base, _deleted = replica.base_of(connection, ENTITIES[change.entity], change.id)
    own = msgspec.json.decode(entry.frozen, type=Operation).changes
    last = recovery.last_lost_values(connection, change.id)
    rest = {
        name: each
        for name, each in changes.items()
        if name not in own and each["value"] is not None and last.get(name) == each["value"] != base.get(name)
    }
    if rest:
        _enter(connection, natural_id("rest of", seal), (change, kind, rest), new_id, clock)


def _enter(
    connection: Connection,
    op_id: str,
    edit: tuple[Change, Kind, dict[str, dict[str, Any]]],
    new_id: Callable[[], str],
    clock: Clock,
) -> None:
    change, kind, changes = edit
    if outbox.find(connection, op_id) is not None:
        return
    new = NewEntry(
        op_id=op_id,
        kind=kind,
        entity_id=change.id,
        changes=changes,
        base_version=None if kind is Kind.CREATE else 0,
        action_id=new_id(),
        created_at=clock.now().isoformat(),
        created_by=change.by,
        label=label_of(change.values or {}),
    )
    outbox.add(connection, ENTITIES[change.entity], new)
