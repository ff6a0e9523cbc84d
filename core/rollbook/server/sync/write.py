"""A decided batch written set-wise; the school's counter is taken last (S17)."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator

import msgspec
from sqlalchemy import Connection, Table, select, update

from rollbook.contract.aliases import alias_change
from rollbook.contract.feed import Change
from rollbook.domain.entity import Values
from rollbook.domain.registry import ENTITIES
from rollbook.server.auth.caller import Caller
from rollbook.server.request_context import current
from rollbook.server.search.words import Moved as MovedWords
from rollbook.server.search.words import note_words
from rollbook.server.sync.batch import Batch, NewAlias, NewReceipt, Step
from rollbook.server.sync.decide import RecordState
from rollbook.server.sync.known import RecordKey
from rollbook.server.sync.notices import note_more
from rollbook.server.sync.set_wise import Row, insert_rows, update_rows
from rollbook.server.sync.sums import Moved, note_versions
from rollbook.server.tables import TO_ALL, alias, feed, history, receipt, record_tables, school_feed

RandomMark = Callable[[], str]


def write_batch(connection: Connection, batch: Batch, new_mark: RandomMark) -> None:
    """Write all that ``batch`` decided; the caller commits right after."""
    for name, table in record_tables.items():
        keys = sorted(key for key in batch.before if key[0] == name)
        _write_records(connection, batch, table, keys)
    note_words(connection, batch.caller.school_id, _moved_words(batch))
    insert_rows(connection, history, [_history_row(batch.caller, step) for step in batch.steps])
    insert_rows(connection, alias, [_alias_row(batch, item) for item in batch.aliases])
    if not batch.receipts and not batch.aliases:
        return
    count = len(batch.steps) + len(batch.aliases)
    head = advance_head(connection, batch.caller.school_id, count)
    note_versions(connection, batch.caller.school_id, _moved(batch))
    first = head - count + 1
    changes = [step.change for step in batch.steps]
    changes += [_change_of_alias(batch, item) for item in batch.aliases]
    rows = [
        feed_row(batch.caller.school_id, first + index, new_mark(), change)
        for index, change in enumerate(changes)
    ]
    insert_rows(connection, feed, rows)
    insert_rows(connection, receipt, [_receipt_row(batch, item, first, head) for item in batch.receipts])


def _moved(batch: Batch) -> Iterator[Moved]:
    for key, before in batch.before.items():
        yield *key, before.version if before else None, batch.known.records[key].version


def _moved_words(batch: Batch) -> Iterator[MovedWords]:
    for key, before in batch.before.items():
        yield *key, live_values(before), live_values(batch.known.records[key])


def live_values(state: RecordState | None) -> Values | None:
    """The values of a record that is there and not archived."""
    return None if state is None or state.deleted else state.values


def advance_head(connection: Connection, school_id: str, count: int) -> int:
    """The feed's head after ``count`` more rows. With any, the counter stays ours until the commit.

    So positions are given in the order of commits, and no reader's cursor passes a row that comes later.
    """
    if count == 0:
        query = select(school_feed.c.head).where(school_feed.c.school_id == school_id)
        return int(connection.execute(query).scalar_one())
    advanced = connection.execute(
        update(school_feed)
        .where(school_feed.c.school_id == school_id)
        .values(head=school_feed.c.head + count)
        .returning(school_feed.c.head)
    )
    note_more(connection, school_id)
    return int(advanced.scalar_one())


def _write_records(connection: Connection, batch: Batch, table: Table, keys: list[RecordKey]) -> None:
    freed = _free_unique_values(connection, batch, table, keys)
    alike: dict[tuple[str, ...], list[Row]] = {}
    for key in keys:
        row = _row(batch, key, freed.get(key, ()))
        alike.setdefault(tuple(row), []).append(row)
    for names, rows in alike.items():
        if "school_id" in names:
            insert_rows(connection, table, rows)
        else:
            update_rows(connection, table, batch.caller.school_id, rows)


def _free_unique_values(
    connection: Connection, batch: Batch, table: Table, keys: list[RecordKey]
) -> dict[RecordKey, list[str]]:
    """Let go of unique values that another record of the batch takes over, so that no row order matters.

    Returns the names of the fields that have to be written anew, by record.
    """
    freed: dict[RecordKey, list[str]] = {}
    for spec in ENTITIES[table.name].fields:
        if not spec.unique:
            continue
        left = [key for key in keys if _lets_go(batch, key, spec.name)]
        update_rows(
            connection, table, batch.caller.school_id, [{"id": key[1], spec.name: None} for key in left]
        )
        for key in left:
            freed.setdefault(key, []).append(spec.name)
    return freed


def _lets_go(batch: Batch, key: RecordKey, name: str) -> bool:
    before = batch.before[key]
    value = None if before is None else before.values[name]
    return value is not None and batch.known.holders.get((key[0], name, value)) not in (None, key[1])


def _row(batch: Batch, key: RecordKey, freed: Collection[str]) -> Row:
    """A new record whole; of one that was there only what differs, as each index has its price."""
    before, columns = batch.before[key], _columns(batch.known.records[key])
    if before is None:
        made = {"created_at": batch.at, "created_by": batch.caller.user_name}
        return {"school_id": batch.caller.school_id, "id": key[1], **columns, **made}
    old = _columns(before)
    return {"id": key[1]} | {
        name: value for name, value in columns.items() if value != old[name] or name in freed
    }


def _columns(state: RecordState) -> Row:
    return {
        **state.values,
        "version": state.version,
        "updated_at": state.changed_at,
        "updated_by": state.changed_by,
        "deleted_at": state.changed_at if state.deleted else None,
        "seal": state.seal,
    }


def _history_row(caller: Caller, step: Step) -> Row:
    entity, entity_id = step.key
    return {
        "school_id": caller.school_id,
        "entity": entity,
        "entity_id": entity_id,
        "version": step.state.version,
        "kind": step.operation.kind.value,
        "changes": msgspec.json.encode(step.changes).decode(),
        "by": caller.user_name,
        "by_id": caller.user_id,
        "device": step.operation.device,
        "sequence": step.operation.sequence,
        "op_id": step.operation.op_id,
        "request_id": current().request_id,
        "at": step.state.changed_at,
        "seal": step.change.seal,
    }


def _change_of_alias(batch: Batch, item: NewAlias) -> Change:
    return alias_change(
        item.entity,
        item.alias_id,
        item.record_id,
        by=batch.caller.user_name,
        at=batch.at,
        op_id=item.op_id,
    )


def _alias_row(batch: Batch, item: NewAlias) -> Row:
    return {
        "school_id": batch.caller.school_id,
        "entity": item.entity,
        "alias_id": item.alias_id,
        "record_id": item.record_id,
        "by": batch.caller.user_name,
        "at": batch.at,
        "op_id": item.op_id,
    }


def feed_row(school_id: str, position: int, mark: str, change: Change, addressee: str = TO_ALL) -> Row:
    """The row of ``change``; its payload is what a page of the feed passes on as it is."""
    return {
        "school_id": school_id,
        "position": position,
        "mark": mark,
        "entity": change.entity,
        "entity_id": change.id,
        "version": change.version,
        "payload": msgspec.json.encode(change).decode(),
        "at": change.at,
        "op_id": change.op_id,
        "addressee": addressee,
    }


def _receipt_row(batch: Batch, item: NewReceipt, first: int, head: int) -> Row:
    return {
        "school_id": batch.caller.school_id,
        "owner": batch.caller.user_id,
        "op_id": item.op_id,
        "digest": item.receipt.digest,
        "entity": item.receipt.entity,
        "entity_id": item.receipt.entity_id,
        "outcome": item.receipt.outcome,
        "version": item.receipt.version,
        "position": head if item.step is None else first + item.step,
        "merged_fields": json.dumps(item.receipt.merged_fields),
        "at": batch.at,
    }


def heads_of(connection: Connection, schools: Iterable[str] | None = None) -> dict[str, int]:
    """The feeds' heads by school; of all schools where none are named."""
    query = select(school_feed.c.school_id, school_feed.c.head)
    if schools is not None:
        query = query.where(school_feed.c.school_id.in_(list(schools)))
    return {row.school_id: row.head for row in connection.execute(query)}
