"""`rollbookctl students merge|unmerge|duplicates`, and who is offered at registration (D4)."""

from argparse import Namespace
from dataclasses import replace
from typing import Any

from rollbook.cli import words
from rollbook.cli.answers import DONE, OUTSTANDING, Answer, plain
from rollbook.client.facade import Client
from rollbook.client.merging import MergeView
from rollbook.client.similar import Similar
from rollbook.client.values import RecordRow

_REASONS = {
    "name-and-birth-date": "the same name and date of birth",
    "name": "the same name",
    "phone": "the same phone",
    "student-number": "the same number",
}


def merge(client: Client, arguments: Namespace) -> Answer:
    """Show what it would do, or do it."""
    view = client.merging.look(arguments.keep, arguments.other)
    data: dict[str, Any] = {**plain(view), "dry_run": arguments.dry_run}
    lines = _lines(view)
    if arguments.dry_run:
        return Answer(data, lines, ["Nothing was changed: this was a dry run."])
    take = [name for name in arguments.take.split(",") if name]
    saved = client.merging.merge(arguments.keep, arguments.other, take)
    said = [
        f"{view.other} means {view.kept} from now on. To tell them apart again: "
        f"rollbookctl students unmerge {view.other_id}"
    ]
    return Answer(data | {"operations": [each.op_id for each in saved]}, lines, said, OUTSTANDING)


def unmerge(client: Client, arguments: Namespace) -> Answer:
    """Tell them apart."""
    done = client.merging.unmerge(arguments.other)
    said = ["They are two students again."]
    if done.restored:
        said.append(f"Given back: {', '.join(done.restored)}.")
    if done.left:
        said.append(f"Changed since, and left as it is: {', '.join(done.left)}.")
    return Answer(plain(done), [], said, OUTSTANDING)


def duplicates(client: Client, _arguments: Namespace) -> Answer:
    """Pairs that are likely one person."""
    pairs = client.duplicates()
    rows = [
        (one.record_id, one.label, other.record_id, other.label, _because(one.reasons))
        for one, other in pairs
    ]
    lines = words.aligned(("id", "student", "id", "student", "because"), rows)
    said = ["To make one of two: rollbookctl students merge KEEP OTHER" if pairs else "None were found."]
    return Answer({"pairs": [[plain(one), plain(two)] for one, two in pairs]}, lines, said, DONE)


def with_similar(client: Client, row: RecordRow, answer: Answer) -> Answer:
    """The answer to a registration, with who may be the same person: offered, never refused."""
    likely = [each for each in client.similar(row.values, but=row.id) if each.is_likely]
    told = [f"Perhaps the same person: {_called(each)}, id {each.record_id}" for each in likely]
    data = answer.data | {"similar": [plain(each) for each in likely]}
    return replace(answer, data=data, said=[*answer.said, *told])


def _called(found: Similar) -> str:
    archived = ", archived" if found.archived else ""
    return f"{found.label} ({_because(found.reasons)}{archived})"


def _because(reasons: tuple[str, ...]) -> str:
    return ", ".join(_REASONS[reason] for reason in reasons)


def _lines(view: MergeView) -> list[str]:
    lines = [f"Kept: {view.kept} ({view.kept_id})", f"Other: {view.other} ({view.other_id})"]
    if view.differ:
        rows = [(name, words.value(kept), words.value(other)) for name, (kept, other) in view.differ.items()]
        lines += ["", *words.aligned(("differs", "kept", "other"), rows)]
    if view.hanging:
        counts = [(name, str(kept), str(other)) for name, (kept, other) in view.hanging.items()]
        lines += ["", *words.aligned(("hangs on them", "kept", "other"), counts)]
    for each in view.collisions:
        differ = ", ".join(each.differ) or "nothing"
        lines.append(
            f"Both have a {each.entity.replace('_', ' ')} of the same kind; the kept one's is shown "
            f"({each.kept_record}), not {each.other_record}. They differ in: {differ}."
        )
    return lines
