"""`rollbookctl conflicts …`: what both sides have, who and when, and a person's choice (S14, S15)."""

from argparse import Namespace
from typing import Any

from rollbook.cli import words
from rollbook.cli.answers import DONE, OUTSTANDING, Answer, CommandProblemError, plain
from rollbook.cli.outbox import existing
from rollbook.client.chosen import MINE, SAME, THEIRS, WHOLE_RECORD, Chosen
from rollbook.client.facade import Client
from rollbook.client.numbers import NEXT_NUMBER
from rollbook.client.values import WaitingEntry


def run_conflicts(client: Client, arguments: Namespace) -> Answer:
    """Do the verb of `conflicts`. Raises :class:`CommandProblemError`."""
    return {"list": _list, "show": _show, "resolve": _resolve}[arguments.verb](client, arguments)


def _list(client: Client, arguments: Namespace) -> Answer:
    found = client.entries(states=("conflict",), limit=100_000)
    data = {"total": len(found), "entries": [plain(entry) for entry in found]}
    rows = [
        (
            words.short(each.op_id),
            each.label,
            _about(each),
            _who(each.created_by, each.created_at),
            _school(each),
        )
        for each in found
    ]
    lines = words.aligned(("ID", "student", "about", "entered here", "changed at the school"), rows)
    if not found:
        return Answer(data, [], ["There is no conflict."])
    return Answer(data, lines, ["See one with: rollbookctl conflicts show ID"])


def _show(client: Client, arguments: Namespace) -> Answer:
    entry = _in_conflict(client, arguments.op)
    return Answer(plain(entry), [*_heading(entry), *_sides(entry), "", *_how_to_choose(entry)])


def _heading(entry: WaitingEntry) -> list[str]:
    what = {"archive": "archived", "create": "registered", "update": "changed"}[entry.kind]
    school = f"At the school  {_school(entry)}"
    if _conflict(entry).get("deleted"):
        school = f"At the school  archived by {_school(entry)}"
    title = (entry.problem or {}).get("title", "")
    return [
        f"{entry.label or entry.entity_id}: {title}".rstrip(": "),
        f"  Here           {what} by {_who(entry.created_by, entry.created_at)}",
        f"  {school}",
        f"  Entry ID       {entry.op_id}",
        *([f"  Request ID     {entry.last_request_id}"] if entry.last_request_id else []),
        "",
    ]


def _sides(entry: WaitingEntry) -> list[str]:
    """Each field with what was there before, what was entered here, and what the school has now."""
    at_school: dict[str, Any] = _conflict(entry).get("fields") or {}
    names = [*entry.fields, *(name for name in at_school if name not in entry.fields)]
    rows = []
    for name in names:
        had, mine = entry.fields.get(name, (None, None))
        in_conflict = name in at_school
        theirs = words.value(at_school[name]) if in_conflict else "(no conflict)"
        entered = words.value(mine) if name in entry.fields else "(not changed)"
        rows.append((name, words.value(had) if name in entry.fields else "", entered, theirs))
    lines = words.aligned(("field", "you saw", "mine", "theirs"), rows)
    return [f"  {line}" for line in lines]


def _how_to_choose(entry: WaitingEntry) -> list[str]:
    command = f"rollbookctl conflicts resolve {words.short(entry.op_id)}"
    if entry.kind == "archive":
        return [
            "The school's values changed after you had seen them. Archive all the same, or keep the record?",
            f"  archive:  {command} {WHOLE_RECORD}={MINE}",
            f"  keep:     {command} {WHOLE_RECORD}={THEIRS}",
        ]
    if _conflict(entry).get("deleted"):
        return [
            "The record was archived meanwhile. Bring it back with your change, or leave it archived?",
            f"  bring back:      {command} {WHOLE_RECORD}={MINE}",
            f"  leave archived:  {command} {WHOLE_RECORD}={THEIRS}",
        ]
    names = list(_conflict(entry).get("fields") or {})
    if (entry.problem or {}).get("error") in ("student-number-taken", "value-taken"):
        name = names[0] if names else "student_number"
        lines = ["Another student has it. Give another value:", f"  {command} {name}==VALUE"]
        if entry.kind == "create":
            lines += ["or say that it is the same student:", f"  {command} {SAME}"]
        return lines
    choices = " ".join(f"{name}={MINE}" for name in names)
    return [
        f"Choose for each field: {MINE}, {THEIRS}, or another value with two equals signs. For example:",
        f"  {command} {choices}",
        f"  {command} {' '.join(f'{name}={THEIRS}' for name in names)}",
        f"  {command} {' '.join(f'{name}==VALUE' for name in names)}",
    ]


def _resolve(client: Client, arguments: Namespace) -> Answer:
    entry = _in_conflict(client, arguments.op)
    choices = dict(_choice(text) for text in arguments.choices)
    saved = client.resolve(entry.op_id, choices)
    data = {"id": saved.entity_id, "operation": saved.op_id, "state": saved.state}
    if saved.op_id is None:
        said = f"The school's values stay. Yours are kept in: rollbookctl history {saved.entity_id}"
        return Answer(data, [], [said], DONE)
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


def _in_conflict(client: Client, wanted: str) -> WaitingEntry:
    """The entry in conflict; an edit that went with an earlier one is decided with that one."""
    entry = existing(client, wanted)
    carrier = client.entry(entry.carried_by) if entry.carried_by else None
    return carrier or entry


def _about(entry: WaitingEntry) -> str:
    if entry.kind == "archive":
        return "archived here, changed there"
    if _conflict(entry).get("deleted"):
        return "changed here, archived there"
    return ", ".join(_conflict(entry).get("fields") or entry.fields)


def _school(entry: WaitingEntry) -> str:
    conflict = _conflict(entry)
    return _who(conflict.get("changed_by"), conflict.get("changed_at"))


def _who(who: str | None, when: str | None) -> str:
    return ", ".join(part for part in (who or "", words.moment(when)) if part)


def _conflict(entry: WaitingEntry) -> dict[str, Any]:
    return entry.conflict or {}
