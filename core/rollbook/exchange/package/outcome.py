"""What a package would do: a plan for each entity of each of its files (D9)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from rollbook.domain.registry import ENTITIES
from rollbook.exchange.outcomes import FileWarning, Outcome, RowOutcome, RowProblem

_WRITTEN = frozenset({Outcome.NEW, Outcome.CHANGED, Outcome.REMOVED})


@dataclass(frozen=True, slots=True)
class PartPlan:
    """The rows of a file that are records of one entity; ``entity`` is empty for rows that are of none."""

    file: str
    entity: str
    rows: tuple[RowOutcome, ...]

    def count(self, outcome: Outcome) -> int:
        """How many rows have that outcome."""
        return sum(row.outcome is outcome for row in self.rows)

    def to_write(self) -> Iterator[RowOutcome]:
        """The rows that would be stored: new, changed, removed; what others are a part of comes first."""
        rows = [row for row in self.rows if row.outcome in _WRITTEN]
        if not rows:
            return iter(())
        own = [spec.name for spec in ENTITIES[self.entity].references if spec.refers_to == self.entity]
        return iter(_parents_first(rows, own[0]) if own else rows)


@dataclass(frozen=True, slots=True)
class PackagePlan:
    """The dry run of a package. The ``parts`` stand in the order in which they can be stored.

    ``known`` is how many records of the entities that may lose some came from this source before.
    """

    name: str
    form: str
    source_system: str
    parts: tuple[PartPlan, ...]
    warnings: tuple[FileWarning, ...]
    known: int = 0
    counts: dict[Outcome, int] = field(init=False)
    """How many rows have each outcome; all outcomes are named."""

    def __post_init__(self) -> None:
        """Count once what is asked again and again."""
        found = Counter(row.outcome for part in self.parts for row in part.rows)
        object.__setattr__(self, "counts", {outcome: found[outcome] for outcome in Outcome})

    @property
    def rows_read(self) -> int:
        """How many rows the files have, but for those that only absence has made."""
        return len({(part.file, row.number) for part in self.parts for row in part.rows if row.number})

    @property
    def problems(self) -> Iterator[tuple[PartPlan, RowProblem]]:
        """All problems of all rows, with where they are; some rows go in all the same."""
        return ((part, problem) for part in self.parts for row in part.rows for problem in row.problems)

    @property
    def removals(self) -> int:
        """How many records it would archive."""
        return self.counts[Outcome.REMOVED]

    def removes_much(self, share: float) -> bool:
        """Whether it would archive more than that share of what came from this source (D10)."""
        return self.removals > share * self.known


def _parents_first(rows: list[RowOutcome], field: str) -> list[RowOutcome]:
    """The rows in an order in which each follows the one that it names; none names itself in the end."""
    by_id = {row.record_id: row for row in rows}
    placed: dict[str | None, RowOutcome] = {}
    for row in rows:
        chain = [row]
        while (change := chain[-1].differences.get(field)) and change.value in by_id.keys() - placed.keys():
            chain.append(by_id[change.value])
        for each in reversed(chain):
            placed.setdefault(each.record_id, each)
    return list(placed.values())
