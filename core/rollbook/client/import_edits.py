"""What an import saves: an edit for each record, and what is remembered of each row (D9)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from rollbook.client.runs import RunRow
from rollbook.client.values import Edit
from rollbook.exchange import ImportPlan, Outcome, RowOutcome
from rollbook.exchange.package import PackagePlan

_WRITTEN = frozenset({Outcome.NEW, Outcome.CHANGED, Outcome.REMOVED})


@dataclass(slots=True)
class ImportEdits:
    """The ``edits`` in the order in which records name each other, and the ``rows`` in the files' order."""

    edits: list[Edit] = field(default_factory=list)
    rows: list[RunRow] = field(default_factory=list)
    _place: dict[str, int] = field(default_factory=dict)

    def take(
        self, entity: str, rows: Sequence[RowOutcome], to_write: Iterable[RowOutcome], part: str
    ) -> None:
        """Take the rows of one file; ``to_write`` are those that change something, in the order to store."""
        places = {id(row): self._placed(entity, row) for row in to_write}
        for row in rows:
            problems = tuple((problem.column, problem.code) for problem in row.problems)
            edit = places.get(id(row))
            self.rows.append(
                RunRow(row.outcome.value, row.number, part, entity, row.record_id, edit, problems, row.marks)
            )

    def _placed(self, entity: str, row: RowOutcome) -> int:
        """The place of the row's edit; what two files say of one record is one."""
        edit = _edit(entity, row)
        place = self._place.get(row.record_id or "")
        if place is not None:
            self.edits[place] = _both(self.edits[place], edit)
            return place
        self.edits.append(edit)
        if row.record_id is not None:
            self._place[row.record_id] = len(self.edits) - 1
        return len(self.edits) - 1


def edits_of(plan: ImportPlan | PackagePlan) -> ImportEdits:
    """What the plan stores, and what it did with each row."""
    made = ImportEdits()
    if isinstance(plan, PackagePlan):
        for part in plan.parts:
            made.take(part.entity, part.rows, part.to_write(), part.file)
    else:
        made.take("student", plan.rows, plan.to_write(), "")
    return made


def _edit(entity: str, row: RowOutcome) -> Edit:
    if row.outcome is Outcome.REMOVED:
        return Edit(entity, row.record_id, {}, archives=True)
    changes = {name: change.value for name, change in row.differences.items()}
    if row.outcome is Outcome.NEW:
        return Edit(entity, None, changes)  # its key gives it the same id on every desk (S16)
    seen = {name: change.had for name, change in row.differences.items()}
    return Edit(entity, row.record_id, changes, seen)


def _both(first: Edit, second: Edit) -> Edit:
    seen = None if first.seen is None else {**(second.seen or {}), **first.seen}
    return replace(first, changes={**first.changes, **second.changes}, seen=seen)
