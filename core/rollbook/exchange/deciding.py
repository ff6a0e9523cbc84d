"""What becomes of a row that was read and matched: new, changed, the same, or a problem (D9)."""

from collections.abc import Callable, Collection

from rollbook.domain.canonical import breaches_of
from rollbook.domain.entity import EntityType, RuleBreach, Values
from rollbook.exchange.existing import Known
from rollbook.exchange.marks import edited_since, marks_of
from rollbook.exchange.matching import Match
from rollbook.exchange.outcomes import FieldDifference, Outcome, RowOutcome
from rollbook.exchange.row_reading import ReadRow, problem_of

ColumnName = Callable[[str], str]
"""The heading of the column that gives a field."""

_SOURCE = frozenset({"source_system", "sourced_id"})


def decided(
    entity: EntityType,
    read: ReadRow,
    match: Match,
    column_name: ColumnName,
    only_new: Collection[str] = (),
) -> RowOutcome:
    """The outcome of a row whose record is known, or is to be made under ``match.new_id``.

    The fields ``only_new`` are given to new records alone.
    """
    if match.known is None:
        return _new(entity, read, match.new_id, column_name)
    return _known(entity, read, match, match.known, column_name, only_new)


def with_problems(read: ReadRow, column_name: ColumnName, *breaches: RuleBreach) -> RowOutcome:
    """The outcome of a row that cannot go in: what was found while reading, and ``breaches``."""
    more = [problem_of(read.number, column_name(breach.field), breach) for breach in breaches]
    return RowOutcome(
        read.number,
        Outcome.PROBLEM,
        problems=(*read.problems, *more, *read.reported),
        notes=tuple(read.notes),
    )


def repeated(field: str, what: str, first: int) -> RuleBreach:
    """That row ``first`` has said the same already."""
    return RuleBreach(
        field,
        "repeated",
        f"Row {first} of this file has the same {what}.",
        "Keep one of the two rows, or correct the other.",
    )


def _new(entity: EntityType, read: ReadRow, new_id: str | None, column_name: ColumnName) -> RowOutcome:
    breaches = breaches_of(entity, read.values)
    if breaches:
        return with_problems(read, column_name, *breaches)
    changes = {name: FieldDifference(None, value) for name, value in read.values.items()}
    return RowOutcome(
        read.number,
        Outcome.NEW,
        new_id,
        changes,
        tuple(read.reported),
        notes=tuple(read.notes),
        marks=marks_of(read.values),
    )


def _known(
    entity: EntityType,
    read: ReadRow,
    match: Match,
    known: Known,
    column_name: ColumnName,
    only_new: Collection[str],
) -> RowOutcome:
    kept = {*only_new, *(_SOURCE if match.keep_source else ())}
    found = _differences(read.values, known.values, kept)
    since = edited_since(known.imported, known.values) if found else ()
    changes = {name: change for name, change in found.items() if name not in since}
    edited = {name: change for name, change in found.items() if name in since}
    merged = {**known.values, **{name: change.value for name, change in changes.items()}}
    breaches = breaches_of(entity, merged)
    if breaches:
        return with_problems(read, column_name, *breaches)
    empty = [name for name in read.empty if known.values.get(name) is not None]
    if empty:
        read.notes.append(f"Empty in the file, left as it is: {', '.join(empty)}.")
    outcome = Outcome.CHANGED if changes else Outcome.SAME
    if edited:
        read.notes.append(f"Edited here since the last import, left as it is: {', '.join(edited)}.")
    return RowOutcome(
        read.number,
        outcome,
        known.id,
        changes,
        tuple(read.reported),
        notes=tuple(read.notes),
        edited=edited or None,
        marks=marks_of({name: value for name, value in read.values.items() if name not in kept}),
    )


def _differences(values: Values, had: Values, kept: Collection[str]) -> dict[str, FieldDifference]:
    return {
        name: FieldDifference(had.get(name), value)
        for name, value in values.items()
        if had.get(name) != value and name not in kept
    }
