"""Bugs that are planted to see that histories find them: each is a way in which such a program goes wrong."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select, update

from rollbook.contract.problems import problem
from rollbook.server.sync import decide, feed, push
from rollbook.server.tables import receipt
from rollbook.store import lease, meta, replica
from rollbook.store.tables import OPERATION
from rollbook.sync import pull, replay

Bug = Callable[[pytest.MonkeyPatch], None]
Planted = Callable[[], AbstractContextManager[None]]
"""Within it, the bug is there."""


def receipt_outside_the_transaction(patch: pytest.MonkeyPatch) -> None:
    """The data is committed first, its receipt afterwards (S7)."""
    written, left, take = push.write_batch, threading.local(), push.PushService.take

    def data_alone(connection: Connection, batch: Any, new_mark: Any) -> None:
        written(connection, batch, new_mark)
        mine = receipt.c.op_id.in_([item.op_id for item in batch.receipts])
        rows = [dict(row) for row in connection.execute(select(receipt).where(mine)).mappings()]
        connection.execute(delete(receipt).where(mine))
        left.rows = rows

    def receipts_afterwards(self: Any, caller: Any, operations: Any) -> Any:
        left.rows = []
        results = take(self, caller, operations)
        if left.rows:
            self._database.write(lambda connection: connection.execute(insert(receipt), left.rows))
        return results

    patch.setattr(push, "write_batch", data_alone)
    patch.setattr(push.PushService, "take", receipts_afterwards)


def lease_not_returned(patch: pytest.MonkeyPatch) -> None:
    """What was on its way at a crash stays so (S3)."""
    patch.setattr(lease, "recover", lambda _connection: 0)


def cursor_saved_before_the_page(patch: pytest.MonkeyPatch) -> None:
    """Two transactions where one is needed (S18)."""
    take = pull.Pull._take

    def cursor_first(self: Any, page: Any) -> None:
        with self._store.write() as connection:
            meta.put(connection, meta.CURSOR, page.cursor)
        take(self, page)

    patch.setattr(pull.Pull, "_take", cursor_first)


def pull_rewriting_had(patch: pytest.MonkeyPatch) -> None:
    """What came from the school becomes what the person is said to have seen (S13)."""
    apply = replica._apply_to

    def and_had(connection: Connection, entity: Any, changes: Any) -> Any:
        for record, change in changes.items():
            mine = (OPERATION.c.entity_id == record) & OPERATION.c.frozen.is_(None)
            for row in connection.execute(select(OPERATION).where(mine)).all():
                edits = json.loads(row.changes)
                for name, edit in edits.items():
                    edit["had"] = (change.values or {}).get(name)
                statement = update(OPERATION).where(OPERATION.c.sequence == row.sequence)
                connection.execute(statement.values(changes=json.dumps(edits), base_version=change.version))
        return apply(connection, entity, changes)

    patch.setattr(replica, "_apply_to", and_had)


def attempted_operation_coalesced(patch: pytest.MonkeyPatch) -> None:
    """A later edit is put into the bytes of one that may be at the school already (S5)."""
    leased = lease._taken

    def rides(taken: list[Any], row: Any) -> bool:
        return taken[0].kind in ("create", "update") and row.frozen is None and row.kind == "update"

    def anew(connection: Any, device: str, rows: list[Any], known: Any) -> Any:
        if len(rows) > 1:
            rows[0] = SimpleNamespace(**{**rows[0]._mapping, "frozen": None})
        return leased(connection, device, rows, known)

    patch.setattr(lease, "_rides_with", rides)
    patch.setattr(lease, "_taken", anew)


def late_reply_over_a_newer_row(patch: pytest.MonkeyPatch) -> None:
    """Whatever comes last is taken, whatever version it has (S18)."""

    patch.setattr(replica, "_is_newer", lambda _version, _change: True)


def failed_batch_parking_its_500(patch: pytest.MonkeyPatch) -> None:
    """The system's failure is taken for the entries' own (S8, S9)."""
    failed = replay.Replay._failed

    async def parked(self: Any, leased: Any, failure: Any, search: Any) -> int:
        if failure.code != "internal-error":
            return await failed(self, leased, failure, search)
        cause = problem("internal-error")
        for each in leased:
            self._park_alone(each, failure.request_id, cause)
        return len(leased)

    patch.setattr(replay.Replay, "_failed", parked)


def conflict_resolved_to_the_last_writer(patch: pytest.MonkeyPatch) -> None:
    """Nobody is asked (S14)."""
    patch.setattr(decide, "_clashes", lambda *_arguments: False)


def restore_by_file_copy(patch: pytest.MonkeyPatch) -> None:
    """A cursor is believed by its number alone, whatever row stands there now (S22)."""

    def number_alone(_connection: Connection, _school: str, cursor: str) -> int:
        return int(cursor.split(".")[0])

    patch.setattr(feed, "_position_of", number_alone)


def status_of_the_last_run(patch: pytest.MonkeyPatch) -> None:
    """Once confirmed, always confirmed (S24)."""
    patch.setattr(pull.Pull, "doubt", lambda _self: None)
    patch.setattr(replay, "CONFIRMED", "some other fact")


def _planted(bug: Bug) -> Planted:
    @contextmanager
    def in_place() -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            bug(patch)
            yield

    return in_place


BUGS: dict[str, Planted] = {
    bug.__name__: _planted(bug)
    for bug in (
        receipt_outside_the_transaction,
        lease_not_returned,
        cursor_saved_before_the_page,
        pull_rewriting_had,
        attempted_operation_coalesced,
        late_reply_over_a_newer_row,
        failed_batch_parking_its_500,
        conflict_resolved_to_the_last_writer,
        restore_by_file_copy,
        status_of_the_last_run,
    )
}
