"""Bugs that only a kill brings to light, to prove that the judge of `many_kills` finds them."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from unittest import mock

from sqlalchemy import Connection, update

from rollbook.domain.clock import SystemClock
from rollbook.domain.ids import uuid7_source
from rollbook.store import lease
from rollbook.store.states import State
from rollbook.store.tables import OPERATION


def _taken_for_sent(connection: Connection) -> int:
    sending = update(OPERATION).where(OPERATION.c.state == State.SENDING)
    return connection.execute(sending.values(state=State.APPLIED)).rowcount


def _sent_as_new(connection: Connection) -> int:
    new_id = uuid7_source(SystemClock())
    sending = connection.execute(OPERATION.select().where(OPERATION.c.state == State.SENDING)).all()
    for row in sending:
        connection.execute(
            update(OPERATION)
            .where(OPERATION.c.sequence == row.sequence)
            .values(state=State.QUEUED, frozen=None, op_id=new_id(), carried_by=None)
        )
    return len(sending)


@contextmanager
def _recovering(by: Callable[[Connection], int]) -> Iterator[None]:
    with mock.patch.object(lease, "recover", by):
        yield


BUGS: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "none": nullcontext,
    "taken-for-sent": lambda: _recovering(_taken_for_sent),
    "sent-as-new": lambda: _recovering(_sent_as_new),
}
