"""An erasure in one transaction: whatever the database holds of a person goes, and the feed tells it (D3)."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Column, ColumnElement, Connection, Table, bindparam, delete, insert, select, update

from rollbook.contract.erasure import erased_change
from rollbook.contract.feed import Change
from rollbook.contract.proposals import PROPOSAL
from rollbook.domain.checkpoints import passed
from rollbook.domain.files import FileValue, chunks_named, file_value
from rollbook.server.erasure.found import Ids, about, with_other_ids
from rollbook.server.erasure.reading import erased_among, hold_for_erasure
from rollbook.server.files.chunks import FILE_FIELDS, content_of
from rollbook.server.files.sweeping import named
from rollbook.server.sync.known import RecordKey, in_parts
from rollbook.server.sync.seal import Sealer
from rollbook.server.sync.set_wise import among, insert_rows
from rollbook.server.sync.sums import Moved, note_versions
from rollbook.server.sync.write import RandomMark, advance_head, feed_row
from rollbook.server.tables import (
    alias,
    erased,
    feed,
    file_chunk,
    given_back,
    history,
    job,
    proposal,
    receipt,
    record_tables,
    search_word,
)


@dataclass(frozen=True, slots=True)
class Act:
    """Where it is done, and what is told of it: by whom and when, ISO 8601 in UTC."""

    connection: Connection
    school_id: str
    sealer: Sealer
    new_mark: RandomMark
    erasure: str
    owner: str
    by: str
    at: str

    def tombstone(self, entity: str, record_id: str) -> Change:
        """What the feed tells of one record, with its seal: so it may be asserted after a restore (S22)."""
        told = erased_change(
            entity, record_id, erasure=self.erasure, owner=self.owner, by=self.by, at=self.at
        )
        return msgspec.structs.replace(told, seal=self.sealer.seal_of(told))


@dataclass(frozen=True, slots=True)
class Gone:
    """What went: how many records by entity, and the people, each as it is told."""

    records: dict[str, int]
    people: list[Change]


def erase(act: Act, people: Collection[RecordKey]) -> Gone:
    """Erase the people and all that is about them; the caller commits right after."""
    hold_for_erasure(act.connection, act.school_id)
    persons = with_other_ids(act.connection, act.school_id, people)
    going = about(act.connection, act.school_id, persons)
    files = set(_files_named(act, going))
    handed_over = _remove_proposals(act, persons, going)
    moved = list(_remove_records(act, going))
    _blank_feed(act, going, handed_over)
    _remove_traces(act, persons, going)
    _remove_chunks(act, files)
    passed("server.erasure.removed")
    told = [act.tombstone(name, each) for name, ids in going.items() for each in sorted(ids)]
    _note(act, told, {each for ids in persons.values() for each in ids})
    _tell(act, told, moved)
    counted = Counter(name for name, _id, _before, _after in moved)
    return Gone(dict(counted), [change for change in told if change.id in _all(persons)])


def count(connection: Connection, school_id: str, people: Collection[RecordKey]) -> tuple[Ids, int, int]:
    """What would go: the records that there are, how many files, how many entries with the registrar."""
    persons = with_other_ids(connection, school_id, people)
    going = about(connection, school_id, persons)
    there = {name: set(_versions(connection, school_id, name, ids)) for name, ids in going.items()}
    files: set[FileValue] = set()
    for name in going.keys() & {name for name, fields in FILE_FIELDS.items() if fields}:
        files |= set(_in_records(connection, school_id, name, going[name]))
    proposals = len(_proposals_naming(connection, school_id, persons, going))
    return {name: ids for name, ids in there.items() if ids}, len(files), proposals


def _all(ids: Mapping[str, set[str]]) -> set[str]:
    return {each for some in ids.values() for each in some}


def _versions(connection: Connection, school_id: str, name: str, ids: Collection[str]) -> dict[str, int]:
    table = record_tables[name]
    query = select(table.c.id, table.c.version).where(
        table.c.school_id == school_id, among(connection, table.c.id, ids)
    )
    return {row.id: row.version for row in connection.execute(query)}


def _remove_records(act: Act, going: Ids) -> Iterator[Moved]:
    for name, ids in going.items():
        table = record_tables[name]
        for record_id, version in _versions(act.connection, act.school_id, name, ids).items():
            yield name, record_id, version, None
        _delete(act, table, table.c.id, ids)
        _delete(act, search_word, search_word.c.record_id, ids, search_word.c.entity == name)
        _delete(act, history, history.c.entity_id, ids, history.c.entity == name)


def _delete(
    act: Act, table: Table, column: Column[Any], values: Collection[str], *more: ColumnElement[bool]
) -> None:
    mine = table.c.school_id == act.school_id
    for some in in_parts(sorted(values)):
        act.connection.execute(delete(table).where(mine, among(act.connection, column, some), *more))


def _blank_feed(act: Act, going: Ids, handed_over: Mapping[str, RecordKey]) -> None:
    """Where versions of them stood in the feed, it tells that they were erased; no cursor changes (S17)."""
    means = {each: (name, each) for name, ids in going.items() for each in ids} | dict(handed_over)
    rows = act.connection.execute(
        select(feed.c.position, feed.c.entity, feed.c.entity_id).where(
            feed.c.school_id == act.school_id, among(act.connection, feed.c.entity_id, means.keys())
        )
    ).all()
    blank = [
        {"_position": row.position, **_as_columns(act.tombstone(*means[row.entity_id]))}
        for row in rows
        if (row.entity == PROPOSAL) == (row.entity_id in handed_over)
    ]
    if blank:
        at = (feed.c.school_id == act.school_id) & (feed.c.position == bindparam("_position"))
        names = [name for name in blank[0] if name != "_position"]
        act.connection.execute(
            update(feed).where(at).values({name: bindparam(name) for name in names}), blank
        )


def _as_columns(told: Change) -> dict[str, object]:
    payload = msgspec.json.encode(told).decode()
    return {"entity": told.entity, "entity_id": told.id, "version": told.version, "payload": payload}


def _remove_traces(act: Act, persons: Ids, going: Ids) -> None:
    """Other ids, versions given back that wait, reports. A receipt keeps that there was an entry."""
    ids, mine = _all(going), act.connection
    for column in (alias.c.alias_id, alias.c.record_id):
        _delete(act, alias, column, ids)
    mine.execute(
        update(receipt)
        .where(receipt.c.school_id == act.school_id, among(mine, receipt.c.entity_id, ids))
        .values(digest=b"")
    )
    waiting = select(given_back.c.seal, given_back.c.entity_id, given_back.c.payload).where(
        given_back.c.school_id == act.school_id
    )
    people = _all(persons)
    seals = [
        row.seal
        for row in mine.execute(waiting)
        if row.entity_id in ids or any(each in row.payload for each in people)
    ]
    _delete(act, given_back, given_back.c.seal, seals)
    mine.execute(delete(job).where(job.c.school_id == act.school_id))  # whose lists they stand in, none tells


def _proposals_naming(connection: Connection, school_id: str, persons: Ids, going: Ids) -> list[Any]:
    """The rows of entries with the registrar, decided ones too, that are of them or name them."""
    ids, people = _all(going), [each.encode() for each in _all(persons)]
    rows = connection.execute(
        select(
            proposal.c.number, proposal.c.op_id, proposal.c.entity, proposal.c.entity_id, proposal.c.operation
        ).where(proposal.c.school_id == school_id)
    )
    return [
        row for row in rows if row.entity_id in ids or any(each in bytes(row.operation) for each in people)
    ]


def _remove_proposals(act: Act, persons: Ids, going: Ids) -> dict[str, RecordKey]:
    """Gives, by their operations, the records that they were of."""
    rows = _proposals_naming(act.connection, act.school_id, persons, going)
    for row in rows:
        act.connection.execute(
            delete(proposal).where(proposal.c.school_id == act.school_id, proposal.c.number == row.number)
        )
    return {row.op_id: (row.entity, row.entity_id) for row in rows}


def _files_named(act: Act, going: Ids) -> Iterator[FileValue]:
    """Every file that a version of theirs ever named."""
    for name, ids in going.items():
        if not FILE_FIELDS[name]:
            continue
        yield from _in_records(act.connection, act.school_id, name, ids)
        told = select(feed.c.payload).where(
            feed.c.school_id == act.school_id, among(act.connection, feed.c.entity_id, ids)
        )
        changed = select(history.c.changes).where(
            history.c.school_id == act.school_id,
            history.c.entity == name,
            among(act.connection, history.c.entity_id, ids),
        )
        for query in (told, changed):
            for text in act.connection.execute(query).scalars():
                yield from _values_in(text)


def _in_records(
    connection: Connection, school_id: str, name: str, ids: Collection[str]
) -> Iterator[FileValue]:
    table = record_tables[name]
    for field in FILE_FIELDS[name]:
        query = select(table.c[field]).where(table.c.school_id == school_id, table.c[field].is_not(None))
        for text in connection.execute(query.where(among(connection, table.c.id, ids))).scalars():
            yield from _values_in(text)


def _values_in(text: str) -> Iterator[FileValue]:
    return (value for value in map(file_value, text.split('"')) if value is not None)


def _remove_chunks(act: Act, files: Collection[FileValue]) -> None:
    """But for what somebody else's record, or entry with the registrar, names as well."""
    if not files:
        return
    chunks: set[str] = set()
    for value in files:
        manifest = content_of(act.connection, act.school_id, value.manifest) or b""
        chunks |= {value.manifest, *(chunks_named(manifest) or ())}
    only = chunks - named(act.connection, act.school_id)
    _delete(act, file_chunk, file_chunk.c.sha256, only)


def _note(act: Act, told: list[Change], people: Collection[str]) -> None:
    """From now on the ids are known to be erased, for ever."""
    before = erased_among(act.connection, act.school_id, [change.id for change in told])
    rows = [
        {
            "school_id": act.school_id,
            "record_id": change.id,
            "payload": msgspec.json.encode(change).decode(),
            "person": int(change.id in people),
            "scrubbed": 0,
        }
        for change in told
        if change.id not in before
    ]
    if rows:
        act.connection.execute(insert(erased), rows)
    for some in in_parts(sorted(before)):
        act.connection.execute(
            update(erased)
            .where(erased.c.school_id == act.school_id, among(act.connection, erased.c.record_id, some))
            .values(scrubbed=0)
        )


def _tell(act: Act, told: list[Change], moved: list[Moved]) -> None:
    head = advance_head(act.connection, act.school_id, len(told))
    note_versions(act.connection, act.school_id, moved)
    first = head - len(told) + 1
    rows = [
        feed_row(act.school_id, first + place, act.new_mark(), change) for place, change in enumerate(told)
    ]
    insert_rows(act.connection, feed, rows)
