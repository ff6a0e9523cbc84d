"""Grades: a line item with its students' results, and scores for many of them as one entry (D2, D7, D12)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from rollbook.client.roster import (
    RefusedRowsError,
    by_student,
    existing,
    meant_students,
    pupils,
    pupils_of,
)
from rollbook.client.values import Edit, Saved
from rollbook.domain.class_rows import UnfitRowError, strangers
from rollbook.domain.grade_sheets import (
    EXEMPT,
    MISSING,
    NOT_THERE,
    GradeLine,
    GradeSheet,
    Score,
    graded,
    score_edit,
)
from rollbook.store import aliases, listing
from rollbook.store.database import StoreDatabase

__all__ = ["EXEMPT", "MISSING", "GradeLine", "GradeSheet", "Grades", "Score"]


@dataclass(frozen=True, slots=True)
class Grades:
    """The results of one user's school. Local; may be called from any thread.

    Both raise :class:`RefusedEntryError` for a line item that is not here.
    """

    store: StoreDatabase
    save_many: Callable[[list[Edit], str], list[Saved]]
    new_run: Callable[[], str]

    def read(self, line_item_id: str) -> GradeSheet:
        """The section's students by name, with their results: but for those who left before it was due."""
        with self.store.read() as connection:
            return _sheet(connection, line_item_id)

    def enter(
        self, line_item_id: str, scores: Mapping[str, Score], seen: GradeSheet | None = None
    ) -> list[Saved]:
        """Enter scores by student id, as one; who is not among them keeps what they have.

        ``seen`` is the sheet that the person had before them; ``None`` means what is shown here now.
        Raises :class:`RefusedRowsError` that names each wrong row; then nothing was stored.
        """
        with self.store.read() as connection:
            now = _sheet(connection, line_item_id)
            given = meant_students(connection, scores)
        inside = {line.student_id: line for line in now.lines}
        wrong = strangers(given, inside, NOT_THERE)
        edits = []
        for student_id, score in scores.items():
            line = inside.get(given[student_id])
            if line is None:
                continue
            try:
                row = score_edit(now, line, score, seen)
            except UnfitRowError as unfit:
                wrong.append((student_id, unfit.breach))
                continue
            if row is not None:
                edits.append(Edit("result", row.record_id, row.changes, seen=row.seen))
        if wrong:
            raise RefusedRowsError(tuple(wrong))
        return self.save_many(edits, self.new_run()) if edits else []


def _sheet(connection: Connection, line_item_id: str) -> GradeSheet:
    item = existing(connection, "line_item", line_item_id, "line_item_id")
    section_id = aliases.meant(connection, "section", item["section_id"])
    named = aliases.names_of(connection, "line_item", item["id"])
    results = by_student(connection, listing.matching(connection, "result", line_item_id=named))
    inside = [
        each
        for each in pupils(connection, section_id, not_ended_before=item["due_date"])
        if not each.archived or each.student_id in results
    ]
    known = {each.student_id for each in inside}
    inside += pupils_of(connection, [each for each in results if each not in known])
    lines = tuple(
        graded(GradeLine(each.student_id, each.label, each.student_number), results.get(each.student_id))
        for each in inside
    )
    return GradeSheet(item["id"], section_id, item["title"] or "", item["maximum"], lines)
