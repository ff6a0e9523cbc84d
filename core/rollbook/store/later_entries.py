"""What later entries of a record are told when one before them is settled, or chosen anew (S13, S14)."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from rollbook.contract.operations import Kind
from rollbook.store.entry_text import changes_of
from rollbook.store.rows import as_json
from rollbook.store.states import State
from rollbook.store.tables import OPERATION


def rebase(
    connection: Connection, record_id: str, position: int, seen_now: dict[str, tuple[Any, Any]]
) -> None:
    """Tell later, never-leased entries of the record what a settled one leaves (S13).

    ``seen_now`` maps a field to (the value that the settled entry had put there, the value that is there
    instead); a later entry whose ``had`` is the first gets the second.
    """
    for row in _never_leased_after(connection, record_id, position):
        changes = changes_of(row.changes)
        told = {
            name: {**changes[name], "had": instead}
            for name, (put, instead) in seen_now.items()
            if name in changes and changes[name]["had"] == put
        }
        if told:
            _keep(connection, row, changes=as_json(changes | told))


def give_way(connection: Connection, record_id: str, position: int, fields: Collection[str], at: str) -> None:
    """Take ``fields`` out of later, never-leased updates of the record: a person has just entered them anew.

    An update that held nothing else has been replaced. ``at`` is the time now, ISO 8601 in UTC.
    """
    for row in _never_leased_after(connection, record_id, position):
        changes = changes_of(row.changes)
        rest = {name: change for name, change in changes.items() if name not in fields}
        if row.kind != Kind.UPDATE or len(rest) == len(changes):
            continue
        if rest:
            _keep(connection, row, changes=as_json(rest))
        else:
            _keep(connection, row, state=State.REPLACED, settled_at=at)


def _never_leased_after(connection: Connection, record_id: str, position: int) -> Sequence[Any]:
    return connection.execute(
        select(OPERATION).where(
            OPERATION.c.entity_id == record_id,
            OPERATION.c.position > position,
            OPERATION.c.state == State.QUEUED,
            OPERATION.c.frozen.is_(None),
            OPERATION.c.carried_by.is_(None),
        )
    ).all()


def _keep(connection: Connection, row: Any, **values: Any) -> None:
    connection.execute(update(OPERATION).where(OPERATION.c.sequence == row.sequence).values(**values))
