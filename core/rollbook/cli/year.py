"""`rollbookctl year list|turn-over`: school years, and how one turns into the next (D14)."""

from argparse import Namespace
from collections.abc import Iterator
from typing import Any

from rollbook.cli import words
from rollbook.cli.answers import DONE, OUTSTANDING, PROBLEM, Answer, CommandProblemError, plain
from rollbook.client.errors import ExchangeError
from rollbook.client.facade import Client
from rollbook.client.turnover.exceptions_file import read_exceptions
from rollbook.client.turnover.telling import in_words, write_report
from rollbook.client.turnover.values import Outcome, StudentException, StudentOutcome, TurnOver, TurnOverPlan
from rollbook.client.values import RecordQuery

_SHOWN = 20
_COUNTED = {
    "promoted": "promoted",
    "repeats": "repeat",
    "moved": "into a chosen grade",
    "graduates": "graduate",
    "leaves": "leave",
    "already": "in the new year already",
    "left": "left before",
    "unclear": "unclear",
}


def run(client: Client, arguments: Namespace) -> Answer:
    """Do the verb. Raises :class:`CommandProblemError` and :class:`RefusedEntryError`."""
    return {"list": _list, "turn-over": _turn_over}[arguments.verb](client, arguments)


def _list(client: Client, _arguments: Namespace) -> Answer:
    rows = client.records(RecordQuery("academic_session", sort="start_date", limit=1_000)).rows
    data = [{"id": row.id, **row.values} for row in rows]
    titles = {row.id: row.values["title"] for row in rows}
    cells = [
        (
            row.id,
            row.values["title"],
            str(row.values["type"]).replace("_", " "),
            row.values["start_date"],
            row.values["end_date"],
            titles.get(row.values["parent_id"], "-"),
        )
        for row in rows
    ]
    lines = words.aligned(("id", "title", "kind", "begins", "ends", "part of"), cells)
    return Answer({"sessions": data}, lines, [] if rows else ["There is no school year."])


def _turn_over(client: Client, arguments: Namespace) -> Answer:
    plan = client.turnovers.plan(_asked(client, arguments))
    said = _reported(plan, arguments)
    data, lines = _as_data(plan), list(_lines(plan))
    if arguments.dry_run:
        said.append("Nothing was changed: this was a dry run.")
        return Answer(data | {"dry_run": True}, lines, said, PROBLEM if plan.unclear else DONE)
    if plan.unclear and not arguments.leave_unclear:
        said.append(
            f"{len(plan.unclear)} students are unclear, so nothing was changed. Correct them, "
            "decide them in a file of --exceptions, or leave them as they are with --leave-unclear."
        )
        return Answer(data | {"dry_run": False, "error": "unclear-students"}, lines, said, PROBLEM)
    return _done(client, plan, data | {"dry_run": False}, lines, said)


def _done(
    client: Client, plan: TurnOverPlan, data: dict[str, Any], lines: list[str], said: list[str]
) -> Answer:
    done = client.turnovers.commit(plan)
    stored = sum(each.op_id is not None for each in done.saved)
    said += [f"{each.label}: left out, as there was a change meanwhile." for each in done.left_out]
    data |= {"run": done.run, "stored": stored, "left_out": [_student(each) for each in done.left_out]}
    if not stored:
        return Answer(data, lines, [*said, "Nothing had to be changed: this year has turned over."], DONE)
    said.append(
        f"Saved {words.counted(stored, 'entry', 'entries')} on this computer; they go to the school with the "
        f"next sync. Run {done.run}."
    )
    return Answer(data, lines, said, OUTSTANDING)


def _asked(client: Client, arguments: Namespace) -> TurnOver:
    return TurnOver(
        from_year=arguments.from_year,
        to_year=arguments.to_year,
        starts=arguments.starts,
        ends=arguments.ends,
        grades=tuple(each.strip() for each in (arguments.grades or "").split(",") if each.strip()),
        exceptions=_exceptions(client, arguments),
        next_courses=dict(_courses(client, pair) for pair in arguments.next_course),
        new_sections=not arguments.no_sections,
        keep_teachers=not arguments.no_teachers,
        without_enrolment=arguments.without_enrolment,
    )


def _exceptions(client: Client, arguments: Namespace) -> tuple[StudentException, ...]:
    """Raises :class:`CommandProblemError` that names each wrong row."""
    if arguments.exceptions is None:
        return ()
    try:
        found = read_exceptions(client, arguments.exceptions)
    except ExchangeError as error:
        raise CommandProblemError(f"{error} Nothing was changed.", code=error.code) from error
    if found.problems:
        told = [
            f"Row {each.row}{f', {each.column}' if each.column else ''}: {each.message} {each.suggestion}"
            for each in found.problems
        ]
        raise CommandProblemError(
            "\n".join(["Nothing was changed: the exceptions have something wrong.", *told]),
            code="rows-with-problems",
            data={"problems": [plain(each) for each in found.problems]},
        )
    return found.exceptions


def _courses(client: Client, pair: str) -> tuple[str, str]:
    """The ids of two courses, by their codes or ids. Raises :class:`CommandProblemError`."""
    one, equals, other = pair.partition("=")
    if not equals:
        raise CommandProblemError(f"“{pair}” is not CODE=CODE.", code="usage")
    return _course(client, one), _course(client, other)


def _course(client: Client, code: str) -> str:
    rows = client.records(RecordQuery("course", filters={"course_code": code})).rows
    known = client.record("course", code)
    found = [row.id for row in rows] or ([] if known is None else [known.id])
    if len(found) != 1:
        raise CommandProblemError(
            f"{len(found) or 'No'} courses here have the code or ID “{code}”.", code="not-found"
        )
    return found[0]


def _reported(plan: TurnOverPlan, arguments: Namespace) -> list[str]:
    if arguments.report is None:
        return []
    try:
        count = write_report(plan, arguments.report, replace=arguments.replace)
    except ExchangeError as error:
        raise CommandProblemError(f"{error} Nothing was changed.", code=error.code) from error
    return [f"Wrote the outcomes of {words.counted(count, 'student')} to {arguments.report}."]


def _lines(plan: TurnOverPlan) -> Iterator[str]:
    year = plan.new_year
    new = " (made by this)" if year.is_new else ""
    yield f"{plan.old_title} → {year.title}{new}, {year.starts} to {year.ends}"
    yield f"Grades in their order: {', '.join(plan.grades)}. Those of {plan.grades[-1]} graduate."
    counts = ", ".join(f"{number} {_COUNTED[name]}" for name, number in plan.counts.items() if number)
    yield f"{words.counted(len(plan.students), 'student')}: {counts or 'none'}."
    sections = [each for each in plan.sections if not each.is_here]
    yield f"{words.counted(len(sections), 'class', 'classes')} to be made."
    yield from (f"Note: {note}" for note in plan.notes)
    special = [each for each in plan.moving if each.outcome is not Outcome.PROMOTED]
    yield from (f"{each.label}: {in_words(each)}" for each in plan.unclear)
    yield from (f"{each.label}: {in_words(each)}" for each in special[:_SHOWN])
    if len(special) > _SHOWN:
        yield f"… and {len(special) - _SHOWN} more; all are in a file of --report, and in --json."


def _as_data(plan: TurnOverPlan) -> dict[str, Any]:
    return {
        "from": plan.old_title,
        "to": plain(plan.new_year),
        "grades": plan.grades,
        "counts": plan.counts,
        "notes": plan.notes,
        "sections": [plain(each) for each in plan.sections],
        "students": [_student(each) for each in plan.students],
    }


def _student(each: StudentOutcome) -> dict[str, Any]:
    return {
        "id": each.student_id,
        "label": each.label,
        "student_number": each.student_number,
        "outcome": each.outcome.value,
        "grade": each.grade,
        "new_grade": each.new_grade,
        "homeroom": each.homeroom,
        "new_homeroom": each.new_homeroom,
        "in_words": in_words(each),
    }
