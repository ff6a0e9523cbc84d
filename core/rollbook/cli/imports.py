"""`rollbookctl imports …`: what was taken in, row by row, and where each row is now (D9, D12)."""

from argparse import Namespace
from collections.abc import Mapping

from rollbook.cli import words
from rollbook.cli.answers import DONE, OUTSTANDING, PROBLEM, Answer, CommandProblemError, plain
from rollbook.client.errors import LaterEditsError
from rollbook.client.facade import Client
from rollbook.client.runs import Left, Run, RunLine, UndoPlan

_KINDS = {"import": "import", "undo": "undo", "bulk_edit": "bulk edit"}
_WAYS = {"taken_back": "taken back", "given_up": "given up", "compensated": "written back"}
_REASONS = {
    "later_edit": "changed since",
    "used_since": "changed since, or others name it",
    "mended": "the refused row was corrected",
    "archived_since": "archived since",
    "needs_decision": "another entry of the record needs you first",
    "on_its_way": "on its way to the school; undo it again after the next sync",
    "with_registrar": "with the registrar, who decides",
    "refused": "what was before breaks a rule now",
    "merge": "two records were made one; part them first",
}
_OUTCOMES = (
    _WAYS
    | {"left": "left as they are"}
    | {"left_out": "left out", "problem": "with a problem", "same": "unchanged"}
)
_STATES = words.STATES | {
    "taken_back": "taken back",
    "undone": "undone",
    "refused": "not saved: it broke a rule by then",
    "unchanged": "nothing had to be changed by then",
    "storing": "being saved",
    "erased": "erased at the school",
    "gone": "no longer on this computer",
}
_SHOWN = 100
"""So many rows are shown to people; all are in the report and with --json."""
_QUIET = ("applied", "")


def run(client: Client, arguments: Namespace) -> Answer:
    """Do the verb of `imports`. Raises :class:`CommandProblemError`."""
    verbs = {"list": _list, "show": _show, "undo": _undo}
    return verbs[arguments.verb](client, arguments)


def existing(client: Client, wanted: str) -> Run:
    """The run of that ID, or the one whose ID ends so. Raises :class:`CommandProblemError`."""
    found = client.runs.find(wanted)
    if found is not None:
        return found
    ending = [each for each in client.runs.latest() if len(wanted) >= 4 and each.run.endswith(wanted)]
    if len(ending) == 1:
        return ending[0]
    if ending:
        raise CommandProblemError(f"Several runs end with {wanted}. Give more of the ID.", code="not-found")
    raise CommandProblemError(
        f"There is no run {wanted} here. List them with: rollbookctl imports list", code="not-found"
    )


def _list(client: Client, arguments: Namespace) -> Answer:
    found = client.runs.latest(limit=arguments.limit)
    rows = [
        (
            words.short(each.run),
            words.moment(each.at),
            each.by,
            _KINDS.get(each.kind, each.kind),
            each.title,
            _counts(each.outcomes, _OUTCOMES),
            _counts(each.states, _STATES),
        )
        for each in found
    ]
    headings = ("ID", "when", "by", "what", "name", "rows", "now")
    data = {"runs": [as_data(each) for each in found]}
    return Answer(data, words.aligned(headings, rows), [] if found else ["Nothing was imported here yet."])


def _show(client: Client, arguments: Namespace) -> Answer:
    found = existing(client, arguments.run)
    if arguments.json:
        rows = [plain(line) for line in client.runs.lines(found.run)]
        return Answer(as_data(found) | {"rows": rows})
    lines = [line for line in client.runs.lines(found.run) if line.state not in _QUIET or line.problems]
    shown = [_told(line) for line in lines[:_SHOWN]]
    rest = len(lines) - len(shown)
    more = [f"… and {rest:,} more; all of them with --json."] if rest else []
    return Answer({}, [*_head(found), *words.aligned(("row", "what", "record", "now"), shown), *more])


def _undo(client: Client, arguments: Namespace) -> Answer:
    found = existing(client, arguments.run)
    overwrite = arguments.overwrite_later
    if arguments.dry_run:
        plan = client.runs.undo_plan(found.run, overwrite=overwrite)
        return Answer(_plan_data(plan), _plan_lines(plan), ["Nothing was changed: this was a dry run."])
    try:
        undo = client.runs.undo(found.run, keep_later=arguments.keep_later, overwrite=overwrite)
    except LaterEditsError as later:
        said = [
            f"Nothing was undone: {later} Leave that as it is with --keep-later, or undo it as well with "
            "--overwrite-later."
        ]
        data = _plan_data(later.plan) | {"error": "later-edits"}
        return Answer(data, _plan_lines(later.plan), said, PROBLEM)
    done = _counts(undo.outcomes, _OUTCOMES) or "there was nothing left to undo"
    waits = any(state != "applied" for state in undo.states)
    said = [f"Undone: {done}." + (" It goes to the school with the next sync." if waits else "")]
    return Answer(as_data(undo) | {"dry_run": False}, [], said, OUTSTANDING if waits else DONE)


def _plan_data(plan: UndoPlan) -> dict[str, object]:
    left = [{**plain(each), "asked": each.asked} for each in plan.left]
    return {"run": plan.run, "dry_run": True, "ways": dict(plan.ways), "left": left}


def _plan_lines(plan: UndoPlan) -> list[str]:
    done = _counts({way.value: number for way, number in plan.ways.items()}, _WAYS) or "nothing"
    shown = [_told_left(each) for each in plan.left[:_SHOWN]]
    rest = len(plan.left) - len(shown)
    more = [f"… and {rest:,} more; all of them with --json."] if rest else []
    headings = ("left as it is", "field", "the run wrote", "now", "why")
    return [f"To be undone: {done}.", *words.aligned(headings, shown), *more]


def _told_left(left: Left) -> tuple[str, str, str, str, str]:
    wrote, now = (words.value(each) if left.field else "" for each in (left.wrote, left.now))
    return left.label or left.entity_id, left.field, wrote, now, _REASONS[left.reason]


def as_data(run: Run) -> dict[str, object]:
    """A run as plain data."""
    return {**plain(run), "row_count": run.rows}


def _head(run: Run) -> list[str]:
    undone = f" It was undone by {', '.join(map(words.short, run.undone_by))}." if run.undone_by else ""
    return [
        f"{_KINDS.get(run.kind, run.kind).capitalize()} {run.run}: {run.title or 'without a name'}",
        f"  {words.moment(run.at)} by {run.by}.{undone}",
        f"  Rows: {_counts(run.outcomes, _OUTCOMES)}.",
        f"  Now: {_counts(run.states, _STATES) or 'nothing had to be saved'}.",
    ]


def _told(line: RunLine) -> tuple[str, str, str, str]:
    place = f"{line.part} {line.line}".strip() if line.line else line.part
    now = _STATES.get(line.state, line.state)
    if line.problems:
        now = "; ".join(f"{heading}: {code}" if heading else code for heading, code in line.problems)
    if line.problem and line.state in ("parked", "conflict", "failed"):
        now += f": {line.problem.get('title', '')} (request ID {line.request_id})"
    return place, _OUTCOMES.get(line.outcome, line.outcome), line.label or line.entity_id or "", now


def _counts(counted: Mapping[str, int], said: Mapping[str, str]) -> str:
    return ", ".join(f"{number:,} {said.get(name, name)}" for name, number in counted.items())
