"""One change of many records at once: first what it would do to each, then exactly that (D6)."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import compress
from operator import not_
from typing import Any

from sqlalchemy import Connection

from rollbook.client.edit_checks import canonical, check_allowed, writable
from rollbook.client.named_records import labels_of
from rollbook.client.runs import RunNote
from rollbook.client.saving import REFUSED
from rollbook.client.values import Edit, RefusedEntryError, Saved
from rollbook.domain.canonical import breaches_of
from rollbook.domain.entity import EntityType, RuleBreach, Values
from rollbook.domain.registry import ENTITIES
from rollbook.store import aliases, listing
from rollbook.store.database import StoreDatabase


class BulkOutcome(StrEnum):
    """What a bulk edit does to a record."""

    CHANGED = "changed"
    SAME = "same"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class BulkRow:
    """One record. ``changes`` maps each field that would change to (had, value).

    ``breaches`` say why it is refused; ``label`` is what the record is called.
    """

    record_id: str
    label: str
    outcome: BulkOutcome
    changes: Mapping[str, tuple[Any, Any]]
    breaches: tuple[RuleBreach, ...] = ()


@dataclass(frozen=True, slots=True)
class BulkPlan:
    """What a bulk edit would do. ``values`` are in canonical form. Nothing is stored yet."""

    entity: str
    values: Values
    rows: tuple[BulkRow, ...]

    def of(self, outcome: BulkOutcome) -> tuple[BulkRow, ...]:
        """The records of that outcome, in the order in which they were named."""
        return tuple(row for row in self.rows if row.outcome is outcome)

    @property
    def counts(self) -> dict[str, int]:
        """How many records there are of each outcome."""
        found = Counter(row.outcome for row in self.rows)
        return {outcome.value: found[outcome] for outcome in BulkOutcome}


@dataclass(frozen=True, slots=True)
class BulkDone:
    """What was stored, under one run id; ``run`` is ``None`` where that is nothing.

    ``left_out`` are records of the plan that are no longer as they were when it was made, as they are now.
    """

    run: str | None
    saved: tuple[Saved, ...]
    left_out: tuple[BulkRow, ...]


@dataclass(frozen=True, slots=True)
class Bulk:
    """The bulk edits of one user's school. Local; may be called from any thread."""

    store: StoreDatabase
    save_many: Callable[[list[Edit], str, RunNote], list[Saved]]
    new_run: Callable[[], str]

    def select(self, entity: str, filters: Mapping[str, Any]) -> list[str]:
        """The ids of the records (none archived) whose fields hold these values, as typed; none means empty.

        Raises :class:`RefusedEntryError` for an unknown field or a value that does not fit it.
        """
        wanted = canonical(writable(entity), dict(filters))
        with self.store.read() as connection:
            return listing.ids_holding(connection, entity, wanted)

    def named(self, entity: str, name: str) -> list[str]:
        """The ids of the records that a person means by an ID or a number; empty where none is here."""
        numbers = (spec.name for spec in writable(entity).fields if spec.unique)
        with self.store.read() as connection:
            found = [
                each for field in numbers for each in listing.ids_holding(connection, entity, {field: name})
            ]
            if not found:
                wanted = aliases.meant(connection, entity, name)
                found = [] if listing.one(connection, entity, wanted) is None else [wanted]
        return found

    def plan(self, entity: str, record_ids: Iterable[str], changes: Mapping[str, Any]) -> BulkPlan:
        """What setting these values, as typed, would do to each of the records.

        Raises :class:`RefusedEntryError` where they fit no record at all, or the user may not write these.
        """
        described = writable(entity)
        values = canonical(described, dict(changes))
        with self.store.read() as connection:
            check_allowed(connection, entity)
            plan = BulkPlan(entity, values, tuple(_rows(connection, described, record_ids, values)))
        _refuse_sharing(described, values, len(plan.of(BulkOutcome.CHANGED)))
        return plan

    def apply(self, plan: BulkPlan) -> BulkDone:
        """Change what the plan says, as one. A record of which it is not true any more is left out.

        What changes at the school meanwhile is asked about there: each entry says what the plan had seen.
        """
        planned = plan.of(BulkOutcome.CHANGED)
        now = self.plan(plan.entity, [row.record_id for row in planned], plan.values)
        by_id = {row.record_id: row for row in now.rows}
        as_planned = [by_id.get(row.record_id) == row for row in planned]
        going = list(compress(planned, as_planned))
        others = compress(planned, map(not_, as_planned))
        left_out = [by_id.get(row.record_id) or _merged(row) for row in others]
        if not going:
            return BulkDone(None, (), tuple(left_out))
        run = self.new_run()
        title = ", ".join(plan.values)  # the fields; what they are set to may be a pupil's
        note = RunNote("bulk_edit", f"{ENTITIES[plan.entity].plural}: {title}")
        saved = self.save_many([_edit(plan.entity, row) for row in going], run, note)
        for row, each in zip(going, saved, strict=True):
            if each.state == REFUSED:  # another program changed it between the two
                left_out += self.plan(plan.entity, [row.record_id], plan.values).rows
        return BulkDone(run, tuple(saved), tuple(left_out))


def _rows(
    connection: Connection, entity: EntityType, record_ids: Iterable[str], values: Values
) -> Iterable[BulkRow]:
    given = list(dict.fromkeys(record_ids))
    known = aliases.meant_all(connection, given)
    wanted = list(dict.fromkeys(known.get(each, each) for each in given))
    here = {row["id"]: row for row in listing.matching(connection, entity.name, archived=True, id=wanted)}
    labels = labels_of(connection, entity, list(here.values()))
    for record_id in wanted:
        row = here.get(record_id)
        if row is None:
            yield BulkRow(record_id, record_id, BulkOutcome.REFUSED, {}, (_NOT_HERE,))
        else:
            yield _row(entity, row, labels[record_id], values)


def _row(entity: EntityType, row: Mapping[str, Any], label: str, values: Values) -> BulkRow:
    changes = {name: (row[name], value) for name, value in values.items() if row[name] != value}
    if row["deleted"]:
        return BulkRow(row["id"], label, BulkOutcome.REFUSED, {}, (_ARCHIVED,))
    if not changes:
        return BulkRow(row["id"], label, BulkOutcome.SAME, {})
    breaches = breaches_of(entity, {name: row[name] for name in entity.names} | dict(values))
    outcome = BulkOutcome.REFUSED if breaches else BulkOutcome.CHANGED
    return BulkRow(row["id"], label, outcome, {} if breaches else changes, breaches)


def _refuse_sharing(entity: EntityType, values: Values, changed: int) -> None:
    """A value that only one record may have is given to no second one."""
    if changed < 2:
        return
    keys = [(spec.name,) for spec in entity.fields if spec.unique] + list(entity.natural_keys)
    shared = [key for key in keys if all(values.get(name) for name in key)]
    if shared:
        breaches = (replace(_SHARED, field=name) for name in dict.fromkeys(key[-1] for key in shared))
        raise RefusedEntryError(tuple(breaches))


def _edit(entity: str, row: BulkRow) -> Edit:
    changes = {name: value for name, (_had, value) in row.changes.items()}
    return Edit(
        entity, row.record_id, changes, seen={name: had for name, (had, _value) in row.changes.items()}
    )


def _merged(row: BulkRow) -> BulkRow:
    return BulkRow(row.record_id, row.label, BulkOutcome.REFUSED, {}, (_MERGED,))


_NOT_HERE = RuleBreach("id", "not-found", "There is no such record on this computer.", "Look at the ID.")
_ARCHIVED = RuleBreach("id", "archived", "This record is archived.", "Bring it back first, or leave it out.")
_MERGED = RuleBreach(
    "id", "merged", "This record was merged into another one meanwhile.", "Look at that one."
)
_SHARED = RuleBreach("", "value-taken", "Only one record can have this value.", "Change that record alone.")
