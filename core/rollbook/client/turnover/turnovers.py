"""The turn-overs of one user's school: planned, and done as one run (D14)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from rollbook.client.edit_checks import check_allowed
from rollbook.client.runs import RunNote
from rollbook.client.saving import REFUSED
from rollbook.client.turnover.planning import planned
from rollbook.client.turnover.school_now import read_school
from rollbook.client.turnover.values import MOVING, StudentOutcome, TurnedOver, TurnOver, TurnOverPlan
from rollbook.client.values import Edit, Saved
from rollbook.store.database import StoreDatabase

_WRITTEN = (
    "academic_session",
    "section",
    "section_teacher",
    "student",
    "enrolment",
    "section_enrolment",
)


@dataclass(frozen=True, slots=True)
class TurnOvers:
    """Local, from any thread; takes seconds for thousands of students."""

    store: StoreDatabase
    save_many: Callable[[list[Edit], str, RunNote], list[Saved]]
    new_run: Callable[[], str]
    school_id: str
    now: Callable[[], datetime]

    def plan(self, asked: TurnOver) -> TurnOverPlan:
        """What it would do to each student; nothing is stored.

        Raises :class:`RefusedEntryError` where it cannot be done as it is asked, or the user may not do it.
        """
        with self.store.read() as connection:
            for entity in _WRITTEN:
                check_allowed(connection, entity)
            now = read_school(connection, self.school_id)
        return planned(now, asked, self.now().astimezone().date().isoformat())

    def commit(self, plan: TurnOverPlan) -> TurnedOver:
        """Do what the plan says, as one: durable here all or nothing (D9).

        A student of whom the plan is not true any more is left out, and so is one who is unclear. What was
        done before is not done again, here or on another computer: what is made has the same ids there (S16).
        """
        now = self.plan(plan.asked)
        before = {each.student_id: each for each in plan.students}
        going = [each for each in now.students if before.get(each.student_id) == each]
        same = {each.student_id for each in going}
        left_out = [each for each in now.students if each.student_id not in same]
        left_out = [each for each in left_out if _concerns(before.get(each.student_id), each)]
        by_student = [(each, edit) for each in going for edit in each.edits]
        edits = [*now.first, *(edit for _student, edit in by_student)]
        if not edits:
            return TurnedOver(None, (), tuple(left_out))
        run = self.new_run()
        note = RunNote("year_turn_over", f"{now.old_title} → {now.new_year.title}")
        saved = self.save_many(edits, run, note)
        refused = {
            each.student_id: each
            for (each, _edit), stored in zip(by_student, saved[len(now.first) :], strict=True)
            if stored.state == REFUSED
        }
        return TurnedOver(run, tuple(saved), (*left_out, *refused.values()))


def _concerns(before: StudentOutcome | None, now: StudentOutcome) -> bool:
    """Whether something was to be stored for the student, by the plan or as it is now."""
    return now.outcome in MOVING or (before is not None and before.outcome in MOVING)
