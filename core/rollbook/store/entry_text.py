"""The texts of an entry as they lie in the outbox, read so that a damaged one hinders no other (S28)."""

from typing import Any

import msgspec

Changes = dict[str, dict[str, Any]]


def changes_of(text: Any) -> Changes:
    """Field to ``{"had", "value"}``; without what cannot be read."""
    found = object_of(text) or {}
    return {
        name: change
        for name, change in found.items()
        if isinstance(change, dict) and {"had", "value"} <= change.keys()
    }


def ids_of(text: Any) -> tuple[str, ...]:
    """The texts in the list that it is; none where it is no list."""
    try:
        found = msgspec.json.decode(text) if text else None
    except (msgspec.MsgspecError, ValueError, TypeError):
        return ()
    return tuple(each for each in found if isinstance(each, str)) if isinstance(found, list) else ()


def object_of(text: Any) -> dict[str, Any] | None:
    """The mapping that the text is; ``None`` where it is none."""
    try:
        found = msgspec.json.decode(text) if text else None
    except (msgspec.MsgspecError, ValueError, TypeError):
        return None
    return found if isinstance(found, dict) else None
