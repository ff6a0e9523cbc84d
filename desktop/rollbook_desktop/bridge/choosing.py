"""A person's choice in a conflict, in the facade's terms (S14, S15)."""

from rollbook.client.values import Saved, WaitingEntry
from rollbook_desktop.bridge.facade import Facade


def choose(facade: Facade, entry: WaitingEntry, side: str) -> Saved:
    """Settle the whole of a conflict for one side: ``mine`` or ``theirs``. Runs on a thread of the bridge."""
    from rollbook.client.resolving import WHOLE_RECORD, Chosen  # takes the store with it: not at the start

    conflict = entry.conflict or {}
    whole = entry.kind == "archive" or bool(conflict.get("deleted"))
    names = [WHOLE_RECORD] if whole else list(conflict.get("fields") or {})
    return facade.resolve(entry.op_id, {name: Chosen(side) for name in names})
