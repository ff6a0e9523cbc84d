"""`rollbookctl outbox …`: entries that the school does not have yet."""

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

from rollbook.cli import words
from rollbook.cli.answers import DONE, OUTSTANDING, Answer, CommandProblemError, plain
from rollbook.client.facade import Client
from rollbook.client.values import WaitingEntry

_SHORTEST_ENDING = 4


def run_outbox(client: Client, arguments: Namespace) -> Answer:
    """Do the verb of `outbox`. Raises :class:`CommandProblemError`."""
    verbs = {"list": _list, "show": _show, "retry": _retry, "discard": _discard}
    return verbs[arguments.verb](client, arguments)


def existing(client: Client, wanted: str) -> WaitingEntry:
    """The entry of that ID, or the one that waits whose ID ends so. Raises :class:`CommandProblemError`."""
    entry = client.entry(wanted)
    if entry is not None:
        return entry
    ending = [each for each in client.entries(limit=100_000) if each.op_id.endswith(wanted)]
    if len(wanted) >= _SHORTEST_ENDING and len(ending) == 1:
        return ending[0]
    if len(ending) > 1:
        raise CommandProblemError(
            f"Several entries end with {wanted}. Give more of the ID.", code="not-found"
        )
    raise CommandProblemError(
        f"There is no entry {wanted}. List them with: rollbookctl outbox list", code="not-found"
    )


def _list(client: Client, arguments: Namespace) -> Answer:
    found = client.entries(limit=100_000)
    data = {"total": len(found), "entries": [plain(entry) for entry in found]}
    rows = [
        (words.short(each.op_id), words.KINDS[each.kind], each.label, words.changes(each), _state(each))
        for each in found
    ]
    lines = words.aligned(("ID", "what", "student", "entered", "state"), rows)
    return Answer(data, lines, [] if found else ["Nothing is waiting."])


def _state(entry: WaitingEntry) -> str:
    state = words.STATES.get(entry.state, entry.state)
    if entry.waits_for:
        state = f"waits: {entry.waits_for}" + (f" ({words.short(entry.held_by)})" if entry.held_by else "")
    return state + (f": {entry.problem.get('title', '')}" if entry.problem else "")


def _show(client: Client, arguments: Namespace) -> Answer:
    entry = existing(client, arguments.op)
    return Answer(plain(entry), described(client, entry))


def described(client: Client, entry: WaitingEntry) -> list[str]:
    """All that is known of an entry, for people."""
    shown = next(
        (each for each in client.entries_of(entry.entity, entry.entity_id) if each.op_id == entry.op_id),
        entry,
    )
    lines = [
        f"{words.KINDS[entry.kind].capitalize()}: {entry.label or entry.entity_id}",
        f"  Student ID   {entry.entity_id}",
        f"  Entered      {words.moment(entry.created_at)} by {entry.created_by}",
        f"  State        {_state(shown)}",
        *(f"  {line}" for line in _what_changes(entry)),
        *_problem(entry),
    ]
    if entry.merged_fields:
        lines.append(
            f"  Merged       others had changed {', '.join(entry.merged_fields)} meanwhile; both are kept"
        )
    if entry.carried_by:
        lines.append(f"  Sent with    {words.short(entry.carried_by)}, an earlier entry of the same student")
    lines.append(f"  Entry ID     {entry.op_id}")
    return lines + ([f"  Request ID   {entry.last_request_id}"] if entry.last_request_id else [])


def _what_changes(entry: WaitingEntry) -> list[str]:
    rows = [(name, words.value(had), words.value(new)) for name, (had, new) in entry.fields.items()]
    return words.aligned(("field", "before", "entered"), rows)


def _problem(entry: WaitingEntry) -> list[str]:
    problem = entry.problem
    if not problem:
        return []
    said = [problem.get("title"), problem.get("detail"), problem.get("suggestion")]
    lines = [f"  Problem      {' '.join(str(part) for part in said if part)}"]
    lines += [f"    {_field_problem(error)}" for error in problem.get("errors") or ()]
    return lines


def _field_problem(error: dict[str, Any]) -> str:
    said = (error.get("message"), error.get("suggestion"))
    return f"{error.get('field')}: {' '.join(str(part) for part in said if part)}"


def _retry(client: Client, arguments: Namespace) -> Answer:
    entry = existing(client, arguments.op)
    client.retry(entry.op_id)
    return Answer(
        plain(existing(client, entry.op_id)),
        [],
        ["It goes with the next sync: rollbookctl sync"],
        OUTSTANDING,
    )


def _discard(client: Client, arguments: Namespace) -> Answer:
    entry = existing(client, arguments.op)
    if arguments.export:  # a file that cannot be written is found out before anything is discarded
        _write(arguments.export, [plain(entry)])
    given_up = client.discard(entry.op_id, together=arguments.together)
    said = [f"Discarded {words.counted(len(given_up), 'entry', 'entries')} of {entry.label}."]
    if arguments.export:
        _write(arguments.export, given_up)
        said.append(f"What was discarded is in {arguments.export}.")
    return Answer({"discarded": given_up}, [], said, DONE)


def _write(path: Path, entries: list[dict[str, Any]]) -> None:
    try:
        path.write_text(json.dumps({"entries": entries}, ensure_ascii=False, indent=1), encoding="utf-8")
    except OSError as error:
        raise CommandProblemError(
            f"{path} cannot be written ({error.strerror}); nothing was discarded.", code="not-writable"
        ) from error
