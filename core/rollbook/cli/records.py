"""`rollbookctl records set`: one change of many records, told before it is done (D6)."""

import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from rollbook.cli import words
from rollbook.cli.answers import DONE, OUTSTANDING, PROBLEM, Answer, CommandProblemError, plain
from rollbook.cli.pairs import fields_of
from rollbook.client.bulk import BulkDone, BulkOutcome, BulkPlan, BulkRow
from rollbook.client.facade import Client
from rollbook.client.kinds import WRITTEN_KINDS

_SHOWN = 20


def run(client: Client, arguments: Namespace) -> Answer:
    """Say what it would do, or do it. Raises :class:`CommandProblemError` and :class:`RefusedEntryError`."""
    entity = WRITTEN_KINDS[arguments.entity]
    plan = client.bulk.plan(entity, _chosen(client, entity, arguments), fields_of(arguments.fields))
    if arguments.change is None:
        return _told(plan)
    would = plan.counts[BulkOutcome.CHANGED]
    if arguments.change != would:
        raise CommandProblemError(
            f"Nothing was changed: it would change {_records(would)}, not {arguments.change}. "
            f"Look at them without --change; if they are right, say --change {would}.",
            code="another-number",
            data=_as_data(plan),
        )
    return _done(plan, client.bulk.apply(plan))


def _chosen(client: Client, entity: str, arguments: Namespace) -> list[str]:
    where = fields_of(arguments.where) | ({"grade_level": arguments.grade} if arguments.grade else {})
    if not where and not arguments.all and arguments.ids is None:
        raise CommandProblemError("Say which records: --where, --grade, --ids, or --all.", code="usage")
    named = None if arguments.ids is None else _named(client, entity, arguments.ids)
    if named is not None and not where:
        return named
    found = client.bulk.select(entity, where)
    fitting = set(found)
    return found if named is None else [each for each in named if each in fitting]


def _named(client: Client, entity: str, file: Path) -> list[str]:
    """The records that the lines name. Raises :class:`CommandProblemError` that names each wrong line."""
    found: list[str] = []
    wrong: list[str] = []
    for place, line in enumerate(_lines(file), 1):
        if not line:
            continue
        ids = client.bulk.named(entity, line)
        found += ids
        if not ids:
            wrong.append(f"Line {place}: nothing here has the ID or number “{line}”.")
    if wrong:
        raise CommandProblemError(
            "\n".join(["Nothing was changed.", *wrong]), code="not-found", data={"wrong": wrong}
        )
    return found


def _lines(file: Path) -> list[str]:
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandProblemError(f"“{file}” cannot be read: {error}", code="file-unreadable") from error
    return [line.strip() for line in text.splitlines()]


def _told(plan: BulkPlan) -> Answer:
    would = plan.counts[BulkOutcome.CHANGED]
    more = f" To change them, say the same with --change {would}." if would else ""
    said = [f"Nothing was changed yet.{more}"]
    return Answer(_as_data(plan), _lines_of(plan), said, PROBLEM if plan.of(BulkOutcome.REFUSED) else DONE)


def _done(plan: BulkPlan, done: BulkDone) -> Answer:
    stored = sum(each.op_id is not None for each in done.saved)
    data = _as_data(plan) | {
        "run": done.run,
        "stored": stored,
        "left_out": [_row_data(row) for row in done.left_out],
    }
    said = [f"{row.label}: left out, as it has changed meanwhile." for row in done.left_out]
    if not stored:
        return Answer(data, _lines_of(plan), [*said, "Nothing was changed."], DONE)
    said.append(
        f"Changed {_records(stored)} on this computer; they go to the school with the next sync. "
        f"Run {done.run}."
    )
    return Answer(data, _lines_of(plan), said, OUTSTANDING)


def _lines_of(plan: BulkPlan) -> list[str]:
    counts = plan.counts
    lines = [
        f"{_records(counts['changed'])} to change, {counts['same']} are so already, "
        f"{counts['refused']} cannot be changed."
    ]
    changed, refused = plan.of(BulkOutcome.CHANGED), plan.of(BulkOutcome.REFUSED)
    lines += [f"{row.label}: {_changes(row)}" for row in changed[:_SHOWN]]
    lines += [f"… and {len(changed) - _SHOWN} more."] if len(changed) > _SHOWN else []
    return lines + [f"{row.label}: {_why(row)}" for row in refused]


def _changes(row: BulkRow) -> str:
    return ", ".join(words.change(name, had, value) for name, (had, value) in row.changes.items())


def _why(row: BulkRow) -> str:
    return " ".join(f"{each.message} {each.suggestion}" for each in row.breaches)


def _records(count: int) -> str:
    return words.counted(count, "record")


def _as_data(plan: BulkPlan) -> dict[str, Any]:
    return {"counts": plan.counts, "values": plan.values, "rows": [_row_data(row) for row in plan.rows]}


def _row_data(row: BulkRow) -> dict[str, Any]:
    return {
        "id": row.record_id,
        "label": row.label,
        "outcome": row.outcome.value,
        "changes": {name: {"from": had, "to": value} for name, (had, value) in row.changes.items()},
        "problems": [plain(each) for each in row.breaches],
    }
