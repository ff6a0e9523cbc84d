"""The texts of an entry as they lie in the outbox, read so that a damaged one hinders no other (S28)."""

import json
from typing import Any

Changes = dict[str, dict[str, Any]]


def changes_of(text: Any) -> Changes:
    """Field to ``{"had", "value"}``; without what cannot be read."""
    found = object_of(text) or {}
    return {
        name: change
        for name, change in found.items()
        if isinstance(change, dict) and {"had", "value"} <= change.keys()
    }


def object_of(text: Any) -> dict[str, Any] | None:
    """The mapping that the text is; ``None`` where it is none."""
    try:
        found = json.loads(text) if text else None
    except (ValueError, TypeError):
        return None
    return found if isinstance(found, dict) else None
