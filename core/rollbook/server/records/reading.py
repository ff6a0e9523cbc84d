"""Reading records and their history."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, select

from rollbook.domain.canonical import UnfitError, canonical_value
from rollbook.domain.entity import EntityType, FieldSpec, FieldType, RuleBreach
from rollbook.domain.scope import Act
from rollbook.schema.columns import values_of
from rollbook.server.auth.caller import Caller
from rollbook.server.problems import ProblemError, field_problems
from rollbook.server.records.views import HistoryEntry, HistoryPage, RecordView
from rollbook.server.sync.identity import names_of, read_aliases
from rollbook.server.sync.incoming import RECORD_ID, is_record_id
from rollbook.server.sync.set_wise import among
from rollbook.server.sync.sums import TABLES, of_school
from rollbook.server.tables import history, receipt

MAX_VERSION_DIGITS = 15
VERSION_CURSOR = f"^[0-9]{{1,{MAX_VERSION_DIGITS}}}$"
"""The form of the cursor of a history, as it is described."""
_TRACES = ("id", "version", "created_at", "created_by", "updated_at", "updated_by", "deleted_at")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a list. ``filters`` are values by field; a record has one of them in each."""

    cursor: str | None
    limit: int
    archived: bool
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """Records in the order of their ids; ``next`` is the cursor of the following page, if any."""

    records: list[RecordView]
    next: str | None


def filters_of(entity: EntityType) -> tuple[FieldSpec, ...]:
    """The fields by which a list is asked for: what names other records, and what names this one.

    Those are the ones that the tables have indexes for.
    """
    keys = {name for key in entity.natural_keys for name in key}
    return tuple(
        spec for spec in entity.fields if spec.type is FieldType.REFERENCE or spec.unique or spec.name in keys
    )


def cursor_form(entity: EntityType) -> str:
    """The form of a cursor of the entity's list: no other list's cursor has it."""
    return f"^{entity.name}:{RECORD_ID}$"


def read_record(connection: Connection, caller: Caller, entity: EntityType, record_id: str) -> RecordView:
    """One record, archived or not. Raises :class:`ProblemError` ``not-found``, also where it is not shown."""
    found = find_record(connection, caller.school_id, entity, record_id)
    if not caller.covers(Act.READ, entity.name, found.id, found.values):
        raise ProblemError("not-found")
    return found


def find_record(connection: Connection, school_id: str, entity: EntityType, record_id: str) -> RecordView:
    """The same for who may see any. An id that is an alias is taken for the record that it means (D4)."""
    table = TABLES[entity.name]
    if not is_record_id(record_id):
        raise ProblemError("not-found")
    query = select(table).where(of_school(table, school_id), table.c.id == record_id)
    found = connection.execute(query).mappings().first()
    if found is not None:
        return _view(entity, found)
    meant = read_aliases(connection, school_id, entity.name, [record_id])
    if record_id not in meant:
        raise ProblemError("not-found")
    return find_record(connection, school_id, entity, meant[record_id])


def read_page(connection: Connection, caller: Caller, entity: EntityType, asked: Asked) -> Page:
    """A page of the records that the caller may see."""
    table = TABLES[entity.name]
    query = select(table).where(of_school(table, caller.school_id)).order_by(table.c.id)
    if not asked.archived:
        query = query.where(table.c.deleted_at.is_(None))
    for name, values in asked.filters.items():
        wanted = _meant(connection, caller, entity, name, values)
        query = query.where(among(connection, table.c[name], wanted))
    after = "" if asked.cursor is None else _place(entity, asked.cursor)
    found = _covered(connection, caller, entity, query, after, asked.limit + 1)
    page, more = found[: asked.limit], len(found) > asked.limit
    return Page(page, f"{entity.name}:{page[-1].id}" if more else None)


def read_history(
    connection: Connection, caller: Caller, entity: EntityType, record_id: str, asked: Asked
) -> HistoryPage:
    """A page of versions, oldest first. Raises as :func:`read_record`."""
    record_id = read_record(connection, caller, entity, record_id).id
    after = asked.cursor or "0"
    if not (after.isascii() and after.isdecimal() and len(after) <= MAX_VERSION_DIGITS):
        raise _not_a_cursor()
    rows = connection.execute(
        select(history, receipt.c.merged_fields)
        .outerjoin(receipt, _of_the_version())
        .where(
            history.c.school_id == caller.school_id,
            history.c.entity == entity.name,
            history.c.entity_id == record_id,
            history.c.version > int(after),
        )
        .order_by(history.c.version)
        .limit(asked.limit + 1)
    ).all()
    entries = [_entry(row._mapping) for row in rows[: asked.limit]]
    return HistoryPage(entries, next=str(entries[-1].version) if len(rows) > asked.limit else None)


def _covered(
    connection: Connection,
    caller: Caller,
    entity: EntityType,
    query: Select[Any],
    after: str,
    limit: int,
) -> list[RecordView]:
    """The first ``limit`` records of ``query`` behind the id ``after`` that the caller may see (S23)."""
    table, whole = TABLES[entity.name], any(scope.is_whole for scope in caller.may(Act.READ, entity.name))
    found: list[RecordView] = []
    while True:
        rows = connection.execute(query.where(table.c.id > after).limit(limit)).mappings().all()
        views = [_view(entity, row) for row in rows]
        found += [
            view for view in views if whole or caller.covers(Act.READ, entity.name, view.id, view.values)
        ]
        if len(rows) < limit or len(found) >= limit:
            return found[:limit]
        after = views[-1].id


def _meant(
    connection: Connection, caller: Caller, entity: EntityType, name: str, values: Sequence[str]
) -> list[str]:
    """The values that a filter means: a record is found by each of its ids (D4)."""
    spec = entity.field(name)
    assert spec is not None
    try:
        wanted = {canonical_value(spec, value) for value in values}
    except UnfitError as unfit:
        raise ProblemError("validation-failed", errors=field_problems((unfit.breach,))) from None
    if None in wanted:
        nothing = RuleBreach(name, "required", "This filter has no value.", "Leave it out, or give it one.")
        raise ProblemError("validation-failed", errors=field_problems((nothing,)))
    if spec.type is FieldType.REFERENCE:
        wanted = names_of(connection, caller.school_id, spec.refers_to, wanted)
    return sorted(wanted)


def _place(entity: EntityType, cursor: str) -> str:
    kind, _, record_id = cursor.partition(":")
    if kind != entity.name or not is_record_id(record_id):
        raise _not_a_cursor()
    return record_id


def _not_a_cursor() -> ProblemError:
    return ProblemError("validation-failed", "The cursor is not one that this list gave.")


def _of_the_version() -> ColumnElement[bool]:
    return and_(
        receipt.c.school_id == history.c.school_id,
        receipt.c.owner == history.c.by_id,
        receipt.c.op_id == history.c.op_id,
    )


def _view(entity: EntityType, row: Mapping[Any, Any]) -> RecordView:
    return RecordView(values=values_of(entity, row), **{name: row[name] for name in _TRACES})


def _entry(row: Mapping[Any, Any]) -> HistoryEntry:
    names = ("version", "kind", "by", "at", "device", "request_id", "op_id", "recovered_by")
    merged = tuple(json.loads(row["merged_fields"] or "[]"))  # an old version's receipt may be gone (S7)
    given = {name: row[name] for name in names}
    return HistoryEntry(changes=json.loads(row["changes"]), merged_fields=merged, **given)
