"""What the registrar decided on entries of this user, said until it was read (S23)."""

from rollbook.cli import words
from rollbook.client.values import HandedEntry, Status

_AGAIN = "Once you have read this: rollbookctl status --seen"
_KINDS = {"create": "new {}", "update": "change of a {}", "archive": "archiving of a {}"}


def lines(status: Status) -> list[str]:
    """What is to be said; nothing, mostly."""
    return [said(each) for each in status.decisions]


def how_to_end(status: Status) -> list[str]:
    """How a person says that they have read it."""
    return [_AGAIN] if status.decisions else []


def said(entry: HandedEntry) -> str:
    """Which entry, and what became of it, in one line."""
    which = f"{what(entry)}, entered {words.moment(entry.entered_at)}"
    if entry.state == "open":
        return f"{which}: waits for the registrar, who decides."
    note = f" Note: {entry.note}" if entry.note else ""
    decided = f"{entry.by}, {words.moment(entry.at)}"
    if entry.state == "accepted":
        return f"Accepted by {decided}: {which}. It is at the school.{note}"
    return f"Not accepted by {decided}: {which}. It is not at the school.{note}"


def what(entry: HandedEntry) -> str:
    """What the entry was; of a record that may not be seen any more only the kind."""
    kind = _KINDS.get(entry.kind, "{}").format(entry.entity)
    return f"{kind}, {entry.label}" if entry.label else kind
