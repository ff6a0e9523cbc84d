"""`rollbookctl outbox …` and `rollbookctl conflicts …`."""

import json
from argparse import Namespace
from typing import Any

from rollbook.cli.answers import DONE, OUTSTANDING, Answer, CommandProblemError, plain
from rollbook.client.chosen import MINE, SAME, THEIRS, WHOLE_RECORD, Chosen
from rollbook.client.facade import Client
from rollbook.client.numbers import NEXT_NUMBER
from rollbook.client.values import WaitingEntry


def run_outbox(client: Client, arguments: Namespace) -> Answer:
    """Do the verb of `outbox`. Raises :class:`CommandProblemError`."""
    verbs = {"list": _list, "show": _show, "retry": _retry, "discard": _discard}
    return verbs[arguments.verb](client, arguments)


def run_conflicts(client: Client, arguments: Namespace) -> Answer:
    """Do the verb of `conflicts`. Raises :class:`CommandProblemError`."""
    verbs = {"list": _list_conflicts, "show": _show, "resolve": _resolve}
    return verbs[arguments.verb](client, arguments)


def _list(client: Client, arguments: Namespace) -> Answer:
    return _entries(client.entries(limit=100_000))


def _list_conflicts(client: Client, arguments: Namespace) -> Answer:
    return _entries(client.entries(states=("conflict",), limit=100_000))


def _entries(found: tuple[WaitingEntry, ...]) -> Answer:
    data = {"total": len(found), "entries": [plain(entry) for entry in found]}
    return Answer(data, [_line(entry) for entry in found], [] if found else ["Nothing is waiting."])


def _show(client: Client, arguments: Namespace) -> Answer:
    entry = _existing(client, arguments.op)
    lines = [f"{name}: {value}" for name, value in plain(entry).items() if value is not None]
    return Answer(plain(entry), lines)


def _retry(client: Client, arguments: Namespace) -> Answer:
    entry = _existing(client, arguments.op)
    client.retry(entry.op_id)
    return Answer(
        plain(_existing(client, entry.op_id)),
        [],
        ["It goes with the next sync: rollbookctl sync"],
        OUTSTANDING,
    )


def _discard(client: Client, arguments: Namespace) -> Answer:
    entry = _existing(client, arguments.op)
    _write_first(arguments.export, entry)
    given_up = client.discard(entry.op_id)
    said = [f"Discarded {len(given_up)} of {entry.label}."]
    if arguments.export:
        _write(arguments.export, given_up)
        said.append(f"What was discarded is in {arguments.export}.")
    return Answer({"discarded": given_up}, [], said, DONE)


def _write_first(path: Any, entry: WaitingEntry) -> None:
    """A file that cannot be written is found out before anything is discarded."""
    if path is not None:
        _write(path, [plain(entry)])


def _write(path: Any, entries: list[dict[str, Any]]) -> None:
    try:
        path.write_text(json.dumps({"entries": entries}, ensure_ascii=False, indent=1), encoding="utf-8")
    except OSError as error:
        raise CommandProblemError(
            f"{path} cannot be written ({error.strerror}); nothing was discarded.", code="not-writable"
        ) from error


def _resolve(client: Client, arguments: Namespace) -> Answer:
    entry = _existing(client, arguments.op)
    choices = dict(_choice(text) for text in arguments.choices)
    saved = client.resolve(entry.op_id, choices)
    data = {"id": saved.entity_id, "operation": saved.op_id, "state": saved.state}
    if saved.op_id is None:
        return Answer(data, [], ["The school's values stay."], DONE)
    return Answer(data, [], ["Your choice goes with the next sync: rollbookctl sync"], OUTSTANDING)


def _choice(text: str) -> tuple[str, Chosen]:
    if text in (SAME, f"{WHOLE_RECORD}={SAME}"):
        return WHOLE_RECORD, Chosen(SAME)
    name, equals, choice = text.partition("=")
    if not equals or not name:
        raise CommandProblemError(f"“{text}” is not FIELD=mine, FIELD=theirs or FIELD==VALUE.", code="usage")
    if choice in (MINE, THEIRS):
        return name, Chosen(choice)
    if choice == "next":
        return name, Chosen.edited(NEXT_NUMBER)
    if choice.startswith("="):
        return name, Chosen.edited(choice[1:] or None)
    raise CommandProblemError(
        f"“{choice}” is no choice. Write {name}=mine, {name}=theirs or {name}==VALUE.", code="usage"
    )


def _existing(client: Client, op_id: str) -> WaitingEntry:
    entry = client.entry(op_id)
    if entry is None:
        raise CommandProblemError(
            f"There is no entry {op_id}. List them with: rollbookctl outbox list", code="not-found"
        )
    return entry


def _line(entry: WaitingEntry) -> str:
    changes = ", ".join(f"{name}: {had!s} → {value!s}" for name, (had, value) in entry.fields.items())
    problem = f"  {entry.problem.get('title', '')}" if entry.problem else ""
    waits = f"  ({entry.waits_for})" if entry.waits_for else ""
    return f"{entry.op_id}  {entry.state}  {entry.kind} {entry.label}: {changes}{problem}{waits}"
