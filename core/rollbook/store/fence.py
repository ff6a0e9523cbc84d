"""How often this computer has given up waiting for an answer: told with each push (S7)."""

from sqlalchemy import Connection

from rollbook.contract.problems import Problem
from rollbook.store import meta

_FENCE = "fence"


def count(connection: Connection) -> int:
    """The count now."""
    return int(meta.get(connection, _FENCE) or 0)


def given_up(connection: Connection) -> None:
    """An answer did not come: what was asked may still arrive, and is late from now on."""
    meta.put(connection, _FENCE, str(count(connection) + 1))


def take_told(connection: Connection, told: Problem | None) -> None:
    """The school knows of a later time than this store, which is a copy of long ago, perhaps."""
    errors = () if told is None else told.errors
    passed = [int(each.message) for each in errors if each.field == "fence" and each.message.isdecimal()]
    meta.put(connection, _FENCE, str(max([count(connection), *passed]) + 1))
