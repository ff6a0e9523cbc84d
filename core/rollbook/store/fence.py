"""How often this computer has given up waiting for an answer: told with each push (S7)."""

from sqlalchemy import Connection

from rollbook.contract.operations import MAX_FENCE
from rollbook.contract.problems import Problem
from rollbook.store import meta

FENCE = "fence"
_LEAP = 1_000_000
"""More than any computer ever gives up: what a store has forgotten lies below it."""


def count(connection: Connection) -> int:
    """The count now."""
    return int(meta.get(connection, FENCE) or 0)


def given_up(connection: Connection) -> None:
    """An answer did not come: what was asked may still arrive, and is late from now on."""
    _put(connection, count(connection) + 1)


def leap(connection: Connection) -> None:
    """This store was rescued, or is a copy of long ago: whatever was asked before is late from now on."""
    _put(connection, count(connection) + _LEAP)


def take_told(connection: Connection, told: Problem | None) -> None:
    """The school knows of a later time than this store."""
    errors = () if told is None else told.errors
    passed = [int(each.message) for each in errors if each.field == "fence" and each.message.isdecimal()]
    _put(connection, max([count(connection), *passed]) + _LEAP)


def _put(connection: Connection, number: int) -> None:
    meta.put(connection, FENCE, str(min(number, MAX_FENCE)))
