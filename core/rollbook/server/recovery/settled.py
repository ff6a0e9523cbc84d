"""Which versions that were given back, and wait, were decided meanwhile (S22). Read set-wise."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, select, tuple_

from rollbook.contract.feed import Change
from rollbook.contract.operations import Kind, Operation
from rollbook.domain.ids import natural_id
from rollbook.domain.registry import ENTITIES
from rollbook.server.recovery import states
from rollbook.server.sync.decide import RecordState
from rollbook.server.sync.known import RecordKey, in_parts, read_records
from rollbook.server.tables import desk_report, history, proposal, receipt

_PUT_BACK = "server_put_back"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row of a version that was not taken, and the version."""

    row: Any
    change: Change

    @property
    def key(self) -> RecordKey:
        """Its record."""
        return self.change.entity, self.change.id

    @property
    def operation(self) -> Operation | None:
        """What its owner entered, where the owner gave it back."""
        raw = self.row.operation
        return None if raw is None else msgspec.json.decode(raw, type=Operation)

    @property
    def names(self) -> list[tuple[str, str]]:
        """(owner, operation) of what tells that it was done anew, or is with the registrar: its own
        operation, and the one by which another computer enters it."""
        entered = natural_id("given back", self.change.seal)
        return [(self.change.owner, self.change.op_id), (self.row.user_id, entered)]


def still_waiting(connection: Connection, school_id: str, rows: Sequence[Waiting]) -> list[Waiting]:
    """Those of ``rows`` that were not decided, in their order.

    A version is done where its operation has a receipt or is with the registrar; where its owner's computer,
    which sends the entries of a record one after the other, has since had a later one of that record applied
    (a choice among them); where the computer at which a person was asked has said since that nothing waits
    there; and where the record has its values.
    """
    facts = _Facts(
        _operations(connection, school_id, rows),
        _later_entries(connection, school_id, rows),
        _reports(connection, school_id),
        _records(connection, school_id, rows),
    )
    return [each for each in rows if not facts.tell_done(each)]


@dataclass(frozen=True, slots=True)
class _Facts:
    operations: set[tuple[str, str]]
    later: dict[RecordKey, list[Any]]
    reports: dict[tuple[str, str], datetime]
    records: dict[RecordKey, RecordState]

    def tell_done(self, item: Waiting) -> bool:
        if any(name in self.operations for name in item.names):
            return True
        if item.row.state == states.HELD:
            return False
        return self._followed(item) or self._is_in_record(item) or self._nothing_waits(item)

    def _followed(self, item: Waiting) -> bool:
        operation = item.operation
        return operation is not None and any(
            (row.by_id, row.device) == (item.change.owner, operation.device)
            and row.sequence > operation.sequence
            and _moment(row.at) >= _moment(item.row.at)
            for row in self.later.get(item.key, ())
        )

    def _is_in_record(self, item: Waiting) -> bool:
        record, operation = self.records.get(item.key), item.operation
        if record is None or record.deleted != item.change.deleted:
            return False
        if operation is None or operation.kind is Kind.ARCHIVE:
            wanted = item.change.values or {}
        else:
            wanted = {name: each.value for name, each in operation.changes.items()}
        return item.change.deleted or all(record.values.get(name) == value for name, value in wanted.items())

    def _nothing_waits(self, item: Waiting) -> bool:
        said = self.reports.get((item.row.user_id, item.row.device))
        return item.row.state in states.ASKED and said is not None and said > _moment(item.row.at)


def _operations(connection: Connection, school_id: str, rows: Iterable[Waiting]) -> set[tuple[str, str]]:
    asked = sorted({name for item in rows for name in item.names})
    return {
        (row.owner, row.op_id)
        for some in in_parts(asked)
        for table in (receipt, proposal)
        for row in connection.execute(
            select(table.c.owner, table.c.op_id).where(
                table.c.school_id == school_id, tuple_(table.c.owner, table.c.op_id).in_(list(some))
            )
        )
    }


def _later_entries(
    connection: Connection, school_id: str, rows: Iterable[Waiting]
) -> dict[RecordKey, list[Any]]:
    """Versions of those records that were entered, and not given back."""
    found: dict[RecordKey, list[Any]] = {}
    columns = (history.c.entity, history.c.entity_id)
    for some in in_parts(sorted({item.key for item in rows if item.row.operation is not None})):
        query = select(*columns, history.c.by_id, history.c.device, history.c.sequence, history.c.at).where(
            history.c.school_id == school_id,
            tuple_(*columns).in_(list(some)),
            history.c.recovered_by.is_(None),
        )
        for row in connection.execute(query):
            found.setdefault((row.entity, row.entity_id), []).append(row)
    return found


def _reports(connection: Connection, school_id: str) -> dict[tuple[str, str], datetime]:
    """When each computer said that nothing waits there, of those that said so last."""
    query = select(desk_report).where(
        desk_report.c.school_id == school_id,
        desk_report.c.waiting + desk_report.c.parked + desk_report.c.conflicts == 0,
    )
    return {
        (row.user_id, row.device): _moment(row.reported_at)
        for row in connection.execute(query)
        if _PUT_BACK not in json.loads(row.outstanding)
    }


def _records(connection: Connection, school_id: str, rows: Iterable[Waiting]) -> dict[RecordKey, RecordState]:
    ids: dict[str, set[str]] = {}
    for item in rows:
        ids.setdefault(item.change.entity, set()).add(item.change.id)
    return {
        (name, record_id): state
        for name, some in ids.items()
        for record_id, state in read_records(connection, school_id, ENTITIES[name], some).items()
    }


def _moment(at: str) -> datetime:
    return datetime.fromisoformat(at)
