"""Two ids of one record (D4, S16): the feed tells that one is an alias of the other."""

from rollbook.contract.feed import Change

ALIAS = "alias"
"""The entity's name under which the feed tells an alias; a program that does not know it passes it over."""


def alias_change(entity: str, alias_id: str, record_id: str, *, by: str, at: str, op_id: str) -> Change:
    """The row of the feed: whatever is written to ``alias_id`` is meant for ``record_id``."""
    values = {"entity": entity, "record_id": record_id}
    return Change(ALIAS, alias_id, 1, values, by=by, at=at, op_id=op_id)


def told_by(change: Change) -> tuple[str, str, str] | None:
    """(entity, alias id, record id) of a row that tells an alias; ``None`` for any other row."""
    values = change.values or {}
    entity, record_id = values.get("entity"), values.get("record_id")
    if change.entity != ALIAS or not isinstance(entity, str) or not isinstance(record_id, str):
        return None
    return entity, change.id, record_id
