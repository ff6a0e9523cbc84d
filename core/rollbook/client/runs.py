"""Runs: what was saved under one id, row by row, and where each row is now (D9, D12)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from rollbook.client.undo_values import LaterEditsError, Left, Reason, UndoPlan, Way
from rollbook.client.undoing import Undoing
from rollbook.store import imported, runs
from rollbook.store.database import StoreDatabase
from rollbook.store.entry_text import object_of
from rollbook.store.errors import NotAllowedNowError
from rollbook.store.runs import KeptRun, RunNote, RunRow

__all__ = [
    "LaterEditsError",
    "Left",
    "Reason",
    "Run",
    "RunLine",
    "RunNote",
    "RunRow",
    "Runs",
    "UndoPlan",
    "Way",
]

_WINDOW = 5_000
UndoBy = Callable[[str, str, bool, bool], None]


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it stands now. ``kind`` is import, undo, bulk_edit, …; ``title`` is a file's name, say.

    ``at`` is ISO 8601 in UTC. ``outcomes`` counts rows by what was done with them. ``states`` counts those
    that made an entry by where it is: a state of an entry, or taken_back, undone, refused, unchanged,
    storing, erased, gone. ``undone_by`` are the runs that undid it.
    """

    run: str
    kind: str
    title: str
    at: str
    by: str
    details: dict[str, Any]
    undoes: str | None
    undone_by: tuple[str, ...]
    outcomes: dict[str, int]
    states: dict[str, int]

    @property
    def rows(self) -> int:
        """How many rows it had."""
        return sum(self.outcomes.values())


@dataclass(frozen=True, slots=True)
class RunLine:
    """One row of a run, and where it is now. ``line`` is its number in the file, 0 without one.

    ``part`` is the file within a package. ``problems`` are (heading, code) of a row that was left out;
    ``problem`` is what the school answered, as a mapping, with the ``request_id``.
    """

    line: int
    part: str
    outcome: str
    entity: str
    entity_id: str | None
    op_id: str | None
    state: str
    label: str
    problems: tuple[tuple[str, str], ...] = ()
    problem: dict[str, Any] | None = field(default=None)
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs of this computer. Local; may be called from any thread.

    ``new_run`` gives an id for a run; ``undo_by`` undoes one by a run of that id (see :class:`Undoing`).
    """

    store: StoreDatabase
    undoing: Undoing
    new_run: Callable[[], str]
    undo_by: UndoBy

    def latest(self, kind: str | None = None, limit: int = 100) -> list[Run]:
        """Runs of a kind, or of all, the last first."""
        with self.store.read() as connection:
            return [_run(connection, kept) for kept in runs.latest(connection, kind, limit)]

    def kept(self, kind: str, limit: int = 100) -> list[KeptRun]:
        """Runs of a kind, the last first, without where their rows are: quick, however many there are."""
        with self.store.read() as connection:
            return runs.latest(connection, kind, limit)

    def imported(self, entity: str) -> dict[str, str]:
        """The marks of what the last import had for the entity's records (D10), by record."""
        with self.store.read() as connection:
            return imported.marks(connection, entity)

    def find(self, run: str) -> Run | None:
        """The run of that id; ``None`` where this computer has none."""
        with self.store.read() as connection:
            kept = runs.find(connection, run)
            return None if kept is None else _run(connection, kept)

    def existing(self, run: str) -> Run:
        """The run of that id. Raises :class:`NotAllowedNowError` where this computer has none."""
        found = self.find(run)
        if found is None:
            raise NotAllowedNowError(f"There is no run {run} on this computer.")
        return found

    def undo_plan(self, run: str, *, overwrite: bool = False) -> UndoPlan:
        """What undoing it would do now, and what it would leave alone. Nothing is changed.

        Raises :class:`NotAllowedNowError` for a run that is not here, and for an undo.
        """
        return self.undoing.plan(run, overwrite=overwrite)

    def undo(self, run: str, *, keep_later: bool = False, overwrite: bool = False) -> Run:
        """Undo it whole: what was not sent is taken back, what was sent gets entries that write back.

        What was changed or used since is never undone silently: it is asked by :class:`LaterEditsError`,
        then left alone (``keep_later``) or undone as well (``overwrite``). Gives the undo, which is a run
        itself. Also raises as :meth:`undo_plan`, and :class:`StoreError`; then nothing was undone.
        """
        by = self.new_run()
        self.undo_by(run, by, keep_later, overwrite)
        return self.existing(by)

    def lines(self, run: str) -> Iterator[RunLine]:
        """Its rows in their order, read a window at a time: there may be many."""
        offset = 0
        while True:
            with self.store.read() as connection:
                found = runs.rows(connection, run, _WINDOW, offset)
            yield from map(_line, found)
            if len(found) < _WINDOW:
                return
            offset += _WINDOW


def _run(connection: Connection, kept: KeptRun) -> Run:
    outcomes: dict[str, int] = {}
    states: dict[str, int] = {}
    for outcome, state, count in runs.counts(connection, kept.run):
        outcomes[outcome] = outcomes.get(outcome, 0) + count
        if state:
            states[state] = states.get(state, 0) + count
    return Run(
        kept.run,
        kept.kind,
        kept.title,
        kept.at,
        kept.by,
        kept.details,
        kept.undoes,
        kept.undone_by,
        outcomes,
        states,
    )


def _line(row: tuple[Any, ...]) -> RunLine:
    part, line, outcome, entity, record_id, op_id, problems, state, problem, request_id, label = row
    return RunLine(
        line,
        part,
        outcome,
        entity,
        record_id,
        op_id,
        state,
        label or "",
        runs.problems_of(problems),
        object_of(problem),
        request_id,
    )
