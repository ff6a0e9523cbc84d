"""An entry whose id the school has with other contents: this computer's own files were put back (S7).

A copy of the data folder from before an entry was sent holds it as new: it is edited further, its bytes
freeze once more, and the school, which took the first ones, cannot take these under the same id. Under an id
of its own the entry is merged like any other: what the school has already is no change.
"""

from collections.abc import Iterable
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import Connection, update

from rollbook.contract.operations import Result
from rollbook.store import causes
from rollbook.store.states import State
from rollbook.store.tables import OPERATION

_NAMES = uuid5(NAMESPACE_URL, "urn:rollbook:known-otherwise")


def send_as_new(connection: Connection, results: Iterable[Result]) -> None:
    """Give a new id to each that was refused for this: under the old one our bytes were never applied."""
    for result in results:
        if result.problem is not None and result.problem.error == "idempotency-mismatch":
            _rename(connection, result.op_id, str(uuid5(_NAMES, result.op_id)))


def _rename(connection: Connection, old: str, new: str) -> None:
    anew: dict[str, Any] = {
        "state": State.QUEUED,
        "frozen": None,
        "carried_by": None,
        "attempts": 0,
        "uncertain": 0,
        "problem": None,
    }
    mine = (OPERATION.c.op_id == old) | (OPERATION.c.carried_by == old)
    connection.execute(update(OPERATION).where(mine).values(**anew))
    connection.execute(update(OPERATION).where(OPERATION.c.op_id == old).values(op_id=new))
    causes.turn(connection, old, new)
