"""Who was erased at the school leaves this computer, whatever held them (D3).

First the rows, in the transaction that learns of it; then the bytes that the file has freed, and its
copies. A cut between the two is made good by the next cycle. Entries that waited for them end: nothing can
be saved of who was erased. How many there were is told, and nothing of what they held.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection

from rollbook.contract.erasure import entity_erased
from rollbook.contract.feed import Change
from rollbook.contract.operations import Result
from rollbook.domain.erasure import PERSONS
from rollbook.domain.registry import ENTITIES
from rollbook.store import files, handing, imported, meta, notices, runs, set_aside_files, sums
from rollbook.store.backups import backups_of
from rollbook.store.database import StoreDatabase
from rollbook.store.notices import Notice
from rollbook.store.rows import THESE, read, these, write
from rollbook.store.states import SHOWN
from rollbook.store.tables import REPLICA, SEARCHED

_TO_WIPE = "erased_to_wipe"
_CHANGE = msgspec.json.Decoder(Change)
Gone = dict[str, set[str]]


@dataclass(frozen=True, slots=True)
class _Ended:
    """An entry that goes, and the erasure that ends it."""

    sequence: int
    op_id: str
    waited: bool
    entered_at: str
    told: Change


def to_ask(connection: Connection, *, wanted: bool) -> None:
    """Whether the school is to be asked for all whom it has erased: the feed told it to nobody here."""
    meta.put(connection, meta.ERASED_TO_ASK, "1" if wanted else None)


def is_to_ask(connection: Connection) -> bool:
    """Whether that is still to be asked."""
    return meta.get(connection, meta.ERASED_TO_ASK) is not None


def is_to_wipe(connection: Connection) -> bool:
    """Whether bytes of who was erased may be left."""
    return meta.get(connection, _TO_WIPE) is not None


def known(connection: Connection) -> list[Change]:
    """The people of whom this computer knows that they were erased, each as the school told it."""
    return [
        _CHANGE.decode(row[0]) for row in read(connection, "SELECT change FROM erased ORDER BY entity_id")
    ]


def take(connection: Connection, changes: Sequence[Change]) -> Gone:
    """Remove what is here of records that were erased; other changes are passed over.

    Gives the ids of the records that went, by entity.
    """
    told = {change.id: change for change in changes if entity_erased(change) is not None}
    if not told:
        return {}
    handing.overwrite_what_goes(connection)
    people = {each: change for each, change in told.items() if entity_erased(change) in PERSONS}
    is_news = _remember(connection, people)
    gone = _remove_records(connection, told.keys(), people.keys())
    ids = told.keys() | {each for some in gone.values() for each in some}
    imported.forget_records(connection, ids)
    ended = _entries_of(connection, ids, told, people)
    _tell(connection, ended)
    _forget(connection, ids, people.keys(), ended)
    if gone or ended or is_news:
        meta.put(connection, _TO_WIPE, "1")
    return gone


def end_refused(connection: Connection, results: Iterable[Result]) -> None:
    """Entries that the school refused, as who they are of was erased, end here where that is known already.

    Of others the feed tells it next, and they wait for that.
    """
    refused = [each.op_id for each in results if each.problem is not None and each.problem.error == "erased"]
    if not refused:
        return
    statement = (
        "SELECT DISTINCT erased.change FROM erased JOIN operation ON operation.entity_id = erased.entity_id "
        f"OR instr(operation.changes, erased.entity_id) WHERE operation.op_id IN {THESE}"
    )
    take(connection, [_CHANGE.decode(row[0]) for row in read(connection, statement, [these(refused)])])


def wipe(store: StoreDatabase) -> bool:
    """Leave no byte in the search index, in what the file has freed, in its log, or in copies of it.

    Whether nothing is left; else it is to be done again. Raises :class:`StoreError`.
    """
    with store.write() as connection:
        handing.overwrite_what_goes(connection)
        files.trim(connection, 0)  # those of others are fetched again
        for (entity,) in read(connection, "SELECT DISTINCT entity FROM erased"):
            if entity in SEARCHED:
                index = f"{entity}_search"
                connection.exec_driver_sql(f"INSERT INTO {index}({index}) VALUES ('rebuild')")
    for copy in backups_of(store.path):
        copy.unlink(missing_ok=True)
    set_aside_files.wipe(store)
    if not store.rewrite():
        return False
    with store.write() as connection:
        meta.put(connection, _TO_WIPE, None)
    return True


def _remember(connection: Connection, people: Mapping[str, Change]) -> bool:
    """Keep who was erased; whether that of any of them was not known here."""
    before = read(connection, f"SELECT count(*) FROM erased WHERE entity_id IN {THESE}", [these(people)])
    write(
        connection,
        "INSERT OR REPLACE INTO erased (entity_id, entity, change) VALUES (?, ?, ?)",
        [(each, entity_erased(told), msgspec.json.encode(told)) for each, told in people.items()],
    )
    return bool(before[0][0] < len(people))


def _remove_records(connection: Connection, ids: Collection[str], people: Collection[str]) -> Gone:
    """Those of the ids, and all that name one of the people: each such record is about them."""
    gone: Gone = {}
    for name in REPLICA:
        naming = [spec.name for spec in ENTITIES[name].references if spec.about]
        wanted = [f"id IN {THESE}", *(f'"{field}" IN {THESE}' for field in naming)]
        statement = f'SELECT id, version FROM "{name}" WHERE {" OR ".join(wanted)}'
        rows = read(connection, statement, [these(ids), *(these(people) for _field in naming)])
        if rows:
            sums.note(connection, name, [(row[0], row[1], None) for row in rows])
            write(connection, f'DELETE FROM "{name}" WHERE id = ?', [(row[0],) for row in rows])
            gone[name] = {row[0] for row in rows}
    return gone


def _entries_of(
    connection: Connection, ids: Collection[str], told: Mapping[str, Change], people: Mapping[str, Change]
) -> list[_Ended]:
    """Entries of the records that go, and those that name one of the people."""
    first = next(iter(people.values()), next(iter(told.values())))
    columns = "sequence, op_id, state, created_at, entity_id"
    found: dict[int, _Ended] = {}

    def note(rows: Iterable[tuple[int, str, str, str, str]], by: Change | None) -> None:
        for sequence, op_id, state, at, record_id in rows:
            ending = by or told.get(record_id, first)
            found.setdefault(sequence, _Ended(sequence, op_id, state in SHOWN, at, ending))

    for record_id, change in people.items():
        naming = f"SELECT {columns} FROM operation WHERE entity_id = ?1 OR instr(changes, ?1)"
        note(read(connection, naming, [record_id]), change)
    of_records = f"SELECT {columns} FROM operation WHERE entity_id IN {THESE}"
    note(read(connection, of_records, [these(ids)]), None)
    return list(found.values())


def _tell(connection: Connection, ended: Sequence[_Ended]) -> None:
    """For each erasure a notice of the entries that waited: “never lost” ends where the law begins."""
    by_erasure: dict[str, list[_Ended]] = {}
    for each in ended:
        if each.waited:
            by_erasure.setdefault(each.told.op_id, []).append(each)
    for some in by_erasure.values():
        told, first = some[0].told, min(each.entered_at for each in some)
        notices.add(connection, Notice("erased", told.at, lost=len(some), by=told.by, entered_at=first))


def _forget(
    connection: Connection, ids: Collection[str], people: Collection[str], ended: Sequence[_Ended]
) -> None:
    """Entries, versions that could be given back, what was set aside, decisions and other ids."""
    operations = these(each.op_id for each in ended)
    runs.end(connection, [(runs.ERASED, each.op_id) for each in ended])
    write(connection, "DELETE FROM operation WHERE sequence = ?", [(each.sequence,) for each in ended])
    write(connection, f"DELETE FROM decision WHERE op_id IN {THESE}", [(operations,)])
    for table in ("decision", "known_version", "set_aside"):
        write(connection, f"DELETE FROM {table} WHERE entity_id IN {THESE}", [(these(ids),)])
    named = [(each,) for each in people]
    write(connection, "DELETE FROM known_version WHERE instr(CAST(change AS TEXT), ?)", named)
    write(connection, "DELETE FROM set_aside WHERE instr(base, ?)", named)
    for column in ("alias_id", "record_id"):
        write(connection, f"DELETE FROM alias WHERE {column} IN {THESE}", [(these(ids),)])
    # A value that one of them held is free now: what met it goes once more.
    write(
        connection,
        "UPDATE operation SET state = 'queued', conflict = NULL, problem = NULL "
        "WHERE state = 'conflict' AND instr(conflict, ?)",
        named,
    )
