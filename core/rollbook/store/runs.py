"""Runs: many entries saved under one id, each remembered with what became of each row of its file (D9).

A run and its rows are kept in the transaction that keeps its entries. They hold no pupil's values: those are
in the entries.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

from rollbook.store import imported
from rollbook.store.entry_text import object_of
from rollbook.store.rows import as_json, insert, listed, read, write
from rollbook.store.states import SETTLED

TAKEN_BACK = "taken_back"
UNDONE = "undone"
"""What a row's entry wrote was written back by an undo (S6)."""
ERASED = "erased"
STORING = "storing"
"""The row's entry is kept, and not stored yet: a crash has cut the import."""
GONE = "gone"
"""The row's entry has left this computer with the right to see its record (S23)."""

_COLUMNS = ("run", "place", "part", "line", "outcome", "entity", "entity_id", "op_id", "problems")


class RunRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a run did with one row. ``line`` is its number in the file, ``part`` the file within a package.

    ``edit`` is the place of its edit among those saved; ``None`` for a row that changes nothing.
    ``problems`` are (heading, stable code). ``marks`` are those of what an import had for the record (D10).
    """

    outcome: str
    line: int = 0
    part: str = ""
    entity: str = ""
    entity_id: str | None = None
    edit: int | None = None
    problems: tuple[tuple[str, str], ...] = ()
    marks: str = ""


class RunNote(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a run is: ``kind`` (import, undo, bulk_edit, …), ``title`` for people, such as a file's name.

    ``details`` is whatever belongs to its kind, as JSON holds it, without pupils' values. Without ``rows``
    there is one for each edit.
    """

    kind: str
    title: str = ""
    details: dict[str, Any] = {}
    rows: tuple[RunRow, ...] = ()
    undoes: str | None = None


class KeptRun(msgspec.Struct, frozen=True):
    """A run as it is remembered. ``at`` is ISO 8601 in UTC; ``undone_by`` are the runs that undid it."""

    run: str
    kind: str
    title: str
    at: str
    by: str
    details: dict[str, Any]
    undoes: str | None
    undone_by: tuple[str, ...] = ()


def keep(
    connection: Connection, run: str, note: RunNote, op_ids: Sequence[tuple[str, str, str]], at: str, by: str
) -> None:
    """Remember a run, in the caller's transaction. ``op_ids`` has (entity, record, entry) of each edit."""
    values = (run, note.kind, note.title, at, by, as_json(note.details), note.undoes)
    insert(connection, "run", ("run", "kind", "title", "at", "by", "details", "undoes"), [values])
    rows = note.rows or tuple(RunRow("saved", edit=place) for place in range(len(op_ids)))
    insert(connection, "run_row", _COLUMNS, list(_kept(run, rows, op_ids)))
    imported.remember(connection, run, _marked(rows, op_ids))


def _marked(rows: Iterable[RunRow], op_ids: Sequence[tuple[str, str, str]]) -> Iterator[tuple[str, str, str]]:
    for row in rows:
        record_id = row.entity_id if row.edit is None else op_ids[row.edit][1]
        if row.marks and record_id is not None:
            yield row.entity, record_id, row.marks


def _kept(
    run: str, rows: Iterable[RunRow], op_ids: Sequence[tuple[str, str, str]]
) -> Iterator[tuple[Any, ...]]:
    for place, row in enumerate(rows):
        entity, record_id, op_id = row.entity, row.entity_id, None
        if row.edit is not None:
            entity, record_id, op_id = op_ids[row.edit]
        yield _row(run, place, row, entity, record_id, op_id)


def add_rows(
    connection: Connection, run: str, more: Sequence[RunRow], op_ids: Sequence[str | None] = ()
) -> None:
    """More rows of a run, with the entry that each made, if any."""
    ((first,),) = read(connection, "SELECT coalesce(max(place), -1) + 1 FROM run_row WHERE run = ?", [run])
    entries = op_ids or [None] * len(more)
    rows = [
        _row(run, first + place, row, row.entity, row.entity_id, op_id)
        for place, (row, op_id) in enumerate(zip(more, entries, strict=True))
    ]
    insert(connection, "run_row", _COLUMNS, rows)


def _row(
    run: str, place: int, row: RunRow, entity: str, record_id: str | None, op_id: str | None
) -> tuple[Any, ...]:
    return run, place, row.part, row.line, row.outcome, entity, record_id, op_id, as_json(row.problems)


def end(connection: Connection, ended: Iterable[tuple[str, str]]) -> None:
    """Note what became of entries that are here no more, or undone: (how, entry)."""
    write(connection, "UPDATE run_row SET ended = ? WHERE op_id = ?", list(ended))


def forget_before(connection: Connection, moment: str) -> None:
    """Settled entries from before that moment are about to be forgotten: their rows keep how they ended."""
    write(
        connection,
        "UPDATE run_row SET ended = (SELECT state FROM operation WHERE operation.op_id = run_row.op_id) "
        "WHERE ended = '' AND op_id IN (SELECT op_id FROM operation WHERE run IS NOT NULL "
        f"AND state IN ({listed(SETTLED)}) AND settled_at < ?)",
        [(moment,)],
    )


_RUNS = "SELECT run, kind, title, at, by, details, undoes FROM run"


def find(connection: Connection, run: str) -> KeptRun | None:
    """The run of that id, or ``None``."""
    found = read(connection, f"{_RUNS} WHERE run = ?", [run])
    return _run(connection, found[0]) if found else None


def latest(connection: Connection, kind: str | None, limit: int) -> list[KeptRun]:
    """Runs, of a kind or all, the last first."""
    where, given = ("WHERE kind = ?", [kind]) if kind else ("", [])
    found = read(connection, f"{_RUNS} {where} ORDER BY number DESC LIMIT ?", [*given, limit])
    return [_run(connection, row) for row in found]


def _run(connection: Connection, row: Any) -> KeptRun:
    run, kind, title, at, by, details, undoes = row
    undone = read(connection, "SELECT run FROM run WHERE undoes = ? ORDER BY number", [run])
    by_runs = tuple(each for (each,) in undone)
    return KeptRun(run, kind, title, at, by, object_of(details) or {}, undoes, by_runs)


# An entry that was mended is where the one in its place is; how it ended is known once it is here no more.
_LAST = (
    "WITH RECURSIVE follow (first, op_id) AS (SELECT op_id, op_id FROM run_row WHERE run = ?1 "
    "AND op_id IS NOT NULL AND ended = '' UNION SELECT follow.first, next.op_id FROM follow "
    "JOIN operation AS next ON next.replaces = follow.op_id), "
    "last (first, sequence) AS (SELECT first, max(sequence) FROM follow "
    "JOIN operation ON operation.op_id = follow.op_id GROUP BY first) "
)
_STATE = (
    "CASE WHEN run_row.op_id IS NULL THEN '' WHEN run_row.ended <> '' THEN run_row.ended "
    "WHEN operation.state IS NOT NULL THEN operation.state "
    f"WHEN EXISTS (SELECT 1 FROM staged WHERE staged.run = ?1) THEN '{STORING}' ELSE '{GONE}' END"
)
_JOINED = (
    "FROM run_row LEFT JOIN last ON last.first = run_row.op_id "
    "LEFT JOIN operation ON operation.sequence = last.sequence WHERE run_row.run = ?1"
)


def counts(connection: Connection, run: str) -> list[tuple[str, str, int]]:
    """(outcome, state now, how many rows); the state is empty for a row that made no entry."""
    statement = f"{_LAST} SELECT outcome, {_STATE} AS now, count(*) {_JOINED} GROUP BY outcome, now"
    return [tuple(row) for row in read(connection, statement, [run])]


def rows(connection: Connection, run: str, limit: int, offset: int) -> list[tuple[Any, ...]]:
    """(part, line, outcome, entity, record, entry, problems, state, problem, request, label), in order."""
    statement = (
        f"{_LAST} SELECT part, line, outcome, run_row.entity, "
        "coalesce(operation.entity_id, run_row.entity_id), "
        f"coalesce(operation.op_id, run_row.op_id), problems, {_STATE}, operation.problem, "
        f"operation.last_request_id, operation.label {_JOINED} ORDER BY place LIMIT ?2 OFFSET ?3"
    )
    return [tuple(row) for row in read(connection, statement, [run, limit, offset])]


def problems_of(text: str) -> tuple[tuple[str, str], ...]:
    """(heading, code) of each problem of a row, as they were kept."""
    try:
        return msgspec.json.decode(text, type=tuple[tuple[str, str], ...])
    except msgspec.MsgspecError:
        return ()
