"""The records as this computer shows them: what the school has, with the entries that wait on top (S18)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, select

from rollbook.contract.aliases import told_by
from rollbook.contract.feed import Change
from rollbook.domain.entity import EntityType
from rollbook.domain.registry import ENTITIES
from rollbook.schema.search_text import search_text, sort_name
from rollbook.store import aliases, filling_number, pending, rows, sums
from rollbook.store.bulk import put_rows
from rollbook.store.pending import PendingEntry
from rollbook.store.replica_rows import BOOKKEEPING, decoded, encoded, settled_row
from rollbook.store.rows import THESE, named, these
from rollbook.store.tables import REPLICA

_COLUMNS = ("row", "filled", *BOOKKEEPING)
_NONE: Mapping[str, Change] = MappingProxyType({})


def apply_changes(connection: Connection, changes: Sequence[Change]) -> dict[str, list[str]]:
    """Take what the school has into the base; entries that wait stay on top; no row goes to a lower version.

    Returns the ids that were named, by entity. An entity that this version does not know is passed over:
    a later version reads it by refreshing from the start.
    """
    touched: dict[str, list[str]] = {}
    for entity_name, group in _by_entity(changes).items():
        entity = ENTITIES.get(entity_name)
        if entity is not None:
            touched[entity_name] = _apply_to(connection, entity, group)
    for told in filter(None, map(told_by, changes)):
        if told[0] in ENTITIES:
            touched.setdefault(told[0], []).extend(learn_alias(connection, *told))
    return touched


def learn_alias(connection: Connection, entity_name: str, alias_id: str, record_id: str) -> list[str]:
    """From now on ``alias_id`` means the other record, with the entries that wait on it (S16, D4).

    Gives the ids of the records that show something else now.
    """
    entity = ENTITIES[entity_name]
    meant = aliases.learn(connection, entity, alias_id, record_id)
    renew(connection, entity, [alias_id, meant])
    return [alias_id, meant]


def _by_entity(changes: Sequence[Change]) -> dict[str, dict[str, Change]]:
    """The last change of each record, by entity: the earlier ones of a page are history already."""
    groups: dict[str, dict[str, Change]] = {}
    for change in changes:
        groups.setdefault(change.entity, {})[change.id] = change
    return groups


def _apply_to(connection: Connection, entity: EntityType, changes: dict[str, Change]) -> list[str]:
    here = _versions_here(connection, entity, changes)
    waited_for = pending.records_with_entries(connection, changes.keys())
    finding = filling_number.finding(connection, entity.name)
    known = here.keys() | waited_for
    new = [settled_row(entity, change) for change in changes.values() if change.id not in known]
    put_rows(connection, entity, new, finding)
    # What this computer sent itself comes back by the feed, and is here already.
    moving = [
        record_id
        for record_id, change in changes.items()
        if record_id in waited_for or (record_id in here and (finding or _is_newer(here[record_id], change)))
    ]
    renew(connection, entity, moving, changes)
    return list(changes)


def refresh(connection: Connection, entity: EntityType, record_id: str) -> None:
    """Compute anew what is shown of one record: its base with the entries that wait on top."""
    renew(connection, entity, [record_id])


def renew(
    connection: Connection, entity: EntityType, record_ids: Iterable[str], news: Mapping[str, Change] = _NONE
) -> None:
    """Compute anew what is shown of records: their bases with the entries that wait on top.

    A base first moves to what ``news`` has for it, unless it is at that version or past it.
    """
    wanted = list(record_ids)
    if not wanted:
        return
    here_now = _rows_of(connection, entity, wanted)
    entries = pending.entries_of_all(connection, wanted)
    finding = filling_number.finding(connection, entity.name)
    writes = _Writes()
    for record_id in wanted:
        row, waiting = here_now.get(record_id) or _no_row(entity, record_id), entries.get(record_id, ())
        base, moved = _on_base(row, news.get(record_id), finding)
        if waiting or moved.get("version", row["version"]) is not None:
            writes.note(row, moved | _shown_over(entity, row | moved, base, waiting))
        elif row["row"] is not None:
            writes.gone.append((row["row"],))  # never was at the school
    writes.write(connection, entity)


def _versions_here(
    connection: Connection, entity: EntityType, record_ids: Iterable[str]
) -> dict[str, int | None]:
    statement = f'SELECT id, version FROM "{entity.name}" WHERE id IN {THESE}'
    return dict(rows.read(connection, statement, [these(record_ids)]))


def _rows_of(connection: Connection, entity: EntityType, record_ids: list[str]) -> dict[str, dict[str, Any]]:
    columns, statement = _reading(entity.name)
    found = rows.read(connection, statement, [these(record_ids)])
    return {row[2]: dict(zip(columns, row, strict=True)) for row in found}


@cache
def _reading(name: str) -> tuple[tuple[str, ...], str]:
    """The columns of a replica, and the statement that reads them."""
    columns = (*_COLUMNS, *ENTITIES[name].names)
    return columns, f'SELECT {named(columns)} FROM "{name}" WHERE id IN {THESE}'


def _no_row(entity: EntityType, record_id: str) -> dict[str, Any]:
    row = dict.fromkeys((*_COLUMNS, *entity.names))
    return {
        **row,
        "id": record_id,
        "filled": 0,
        "base_deleted": 0,
        "deleted": 0,
        "mark": "",
        "sort_name": "",
        "search_text": "",
    }


def _on_base(
    row: dict[str, Any], change: Change | None, finding: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The base's values, and the columns that move it on to ``change``, where that is newer, or is found anew
    (S18, S20)."""
    found_anew = bool(finding) and row["filled"] != finding
    if change is None or not (found_anew or _is_newer(row["version"], change)):
        return decoded(row["base"]), {}
    base = None if change.values is None else encoded(change.values)
    moved = {"version": change.version, "base": base, "base_deleted": int(change.deleted)}
    return change.values or {}, {**moved, "filled": finding or row["filled"]}


def _is_newer(version: int | None, change: Change) -> bool:
    return version is None or change.version > version


def _shown_over(
    entity: EntityType, row: dict[str, Any], base: dict[str, Any], waiting: Sequence[PendingEntry]
) -> dict[str, Any]:
    """What is shown of a record: its base's values with the entries that wait on top."""
    values, deleted = pending.on_top(base, bool(row["base_deleted"]), waiting)
    marked = {"deleted": int(deleted), "mark": pending.mark_of(waiting)}
    as_before = row["row"] is not None and row["deleted"] == marked["deleted"]
    if as_before and [row[name] for name in entity.names] == list(map(values.get, entity.names)):
        return marked  # folding the words anew is most of the work
    return marked | _shown(entity, values, deleted)


class _Writes:
    """Rows to be written, those alike by one statement. Only what differs is: each index has its price."""

    def __init__(self) -> None:
        self.gone: list[tuple[int]] = []
        self._new: list[tuple[Any, ...]] = []
        self._changed: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
        self._moved: list[sums.Moved] = []

    def note(self, row: dict[str, Any], moved: dict[str, Any]) -> None:
        """``row`` is as it is here (it is new without a ``row`` of its own), ``moved`` what it is to have."""
        if moved.get("version", row["version"]) != row["version"]:
            self._moved.append((row["id"], row["version"], moved["version"]))
        if row["row"] is None:
            self._new.append(tuple((row | moved).values()))
            return
        differing = tuple([name for name, value in moved.items() if value != row[name]])
        if differing:
            values = (*[moved[name] for name in differing], row["row"])
            self._changed.setdefault(differing, []).append(values)

    def write(self, connection: Connection, entity: EntityType) -> None:
        rows.write(connection, f'DELETE FROM "{entity.name}" WHERE row = ?', self.gone)
        rows.insert(connection, entity.name, (*_COLUMNS, *entity.names), self._new)
        for names, values in self._changed.items():
            rows.update(connection, entity.name, names, "row", values)
        sums.note(connection, entity.name, self._moved)


@dataclass(frozen=True, slots=True)
class Here:
    """A record as this computer has it: as shown, with its base's version (``None``: none yet)."""

    version: int | None
    values: dict[str, Any]


def here(connection: Connection, entity: EntityType, record_ids: Iterable[str]) -> dict[str, Here]:
    """Those of the records that this computer shows, archived ones too."""
    return {
        record_id: Here(row["version"], {name: row[name] for name in entity.names})
        for record_id, row in _rows_of(connection, entity, list(record_ids)).items()
    }


def base_of(
    connection: Connection, entity: EntityType, record_id: str
) -> tuple[int | None, dict[str, Any], bool]:
    """Version, values and whether archived, as the school has them; ``(None, {}, False)`` for none."""
    table = REPLICA[entity.name]
    found = connection.execute(
        select(table.c.version, table.c.base, table.c.base_deleted).where(table.c.id == record_id)
    ).first()
    if found is None or found.version is None:
        return None, {}, False
    return found.version, decoded(found.base), bool(found.base_deleted)


def _shown(entity: EntityType, values: dict[str, Any], deleted: bool) -> dict[str, Any]:
    return {
        **{name: values.get(name) for name in entity.names},
        "sort_name": sort_name(values),
        "search_text": "" if deleted else search_text(entity, values),  # what is archived is not found
    }
