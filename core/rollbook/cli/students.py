"""`rollbookctl students …`."""

from argparse import Namespace
from typing import Any

from rollbook.cli import erasing, merging, words
from rollbook.cli.answers import OUTSTANDING, Answer, CommandProblemError, plain
from rollbook.cli.pairs import fields_of
from rollbook.client.facade import Client
from rollbook.client.numbers import NEXT_NUMBER
from rollbook.client.values import Edit, RecordQuery, RecordRow, Saved

_ENTITY = "student"
_NEXT = ("student_number", "next")
_MARKS = {"waiting": "waits to be sent", "parked": "refused, needs you", "conflict": "in conflict, needs you"}


def run(client: Client, arguments: Namespace) -> Answer:
    """Do the verb. Raises :class:`CommandProblemError`."""
    verbs = {
        "find": _find,
        "list": _list,
        "show": _show,
        "add": _add,
        "set": _set,
        "archive": _archive,
        "merge": merging.merge,
        "unmerge": merging.unmerge,
        "duplicates": merging.duplicates,
        "erase": _erase,
    }
    return verbs[arguments.verb](client, arguments)


def _find(client: Client, arguments: Namespace) -> Answer:
    return _page(client, RecordQuery(text=arguments.text))


def _list(client: Client, arguments: Namespace) -> Answer:
    return _page(client, RecordQuery(limit=arguments.limit))


def _page(client: Client, query: RecordQuery) -> Answer:
    page = client.records(query)
    data = {"total": page.total, "students": [_as_data(row) for row in page.rows]}
    more = [f"{page.total - len(page.rows)} more."] if page.total > len(page.rows) else []
    lines = words.aligned(("id", "number", "name", "grade", "class", ""), [_cells(row) for row in page.rows])
    return Answer(data, lines, more or ([] if page.rows else ["No student found."]))


def _show(client: Client, arguments: Namespace) -> Answer:
    row = _existing(client, arguments.id)
    waiting = client.entries_of(_ENTITY, row.id)
    together = client.merging.merged_into(row.id)
    data = {**_as_data(row), "archived": row.archived, "entries": [plain(entry) for entry in waiting]}
    data["merged"] = together
    known = {name: words.value(value) for name, value in row.values.items() if value is not None}
    width = max(map(len, known), default=0)
    lines = ["This student is archived."] if row.archived else []
    if row.id != arguments.id:
        lines.append(f"{arguments.id} means this student.")
    lines += [f"Merged into this student: {label}" for label in together]
    lines += [f"{name.ljust(width)}  {value}" for name, value in known.items()]
    lines += [
        f"{words.STATES.get(each.state, each.state)}: {words.changes(each) or words.KINDS[each.kind]}"
        for each in waiting
    ]
    return Answer(data, [*lines, f"Student ID {row.id}", f"Who changed what: rollbookctl history {row.id}"])


def _add(client: Client, arguments: Namespace) -> Answer:
    fields = _fields(arguments.fields)
    if arguments.number is not None:
        fields["student_number"] = NEXT_NUMBER if arguments.number == "next" else arguments.number
    saved = client.save(Edit(_ENTITY, None, fields))
    row = client.record(_ENTITY, saved.entity_id)
    number = None if row is None else row.values.get("student_number")
    answer = _saved(saved, {"student_number": number} if arguments.number is not None else {})
    return answer if row is None else merging.with_similar(client, row, answer)


def _fields(pairs: list[str]) -> dict[str, Any]:
    """``student_number=next`` is this desk's next number, as ``--number next`` is."""
    fields = fields_of(pairs)
    return {name: NEXT_NUMBER if (name, value) == _NEXT else value for name, value in fields.items()}


def _set(client: Client, arguments: Namespace) -> Answer:
    row = _existing(client, arguments.id)
    return _saved(client.save(Edit(_ENTITY, row.id, _fields(arguments.fields), seen=row.values)))


def _archive(client: Client, arguments: Namespace) -> Answer:
    row = _existing(client, arguments.id)
    return _saved(client.archive(_ENTITY, row.id))


def _erase(client: Client, arguments: Namespace) -> Answer:
    row = client.record(_ENTITY, arguments.id)
    together = [] if row is None else client.merging.merged_into(row.id)
    if together:
        raise CommandProblemError(
            f"This student stands here under several records, merged with {', '.join(together)}. Tell them "
            "apart first (rollbookctl students unmerge), then erase each of them.",
            code="merged",
        )
    return erasing.run(client, _ENTITY, arguments)


def _saved(saved: Saved, more: dict[str, Any] | None = None) -> Answer:
    data = (more or {}) | {
        "id": saved.entity_id,
        "operation": saved.op_id,
        "action": saved.action_id,
        "state": saved.state,
    }
    if saved.op_id is None:
        return Answer(data, [saved.entity_id], ["Nothing had changed."])
    said = ["Saved on this computer; it goes to the school with the next sync."]
    return Answer(data, [saved.entity_id], said, OUTSTANDING)


def _existing(client: Client, wanted: str) -> RecordRow:
    row = client.record(_ENTITY, wanted)
    if row is None:
        raise CommandProblemError(
            f"There is no student {wanted} on this computer. Find one with: rollbookctl students find NAME",
            code="not-found",
        )
    return row


def _as_data(row: RecordRow) -> dict[str, Any]:
    return {"id": row.id, "version": row.version, "mark": row.mark, **row.values}


def _cells(row: RecordRow) -> tuple[str, ...]:
    names = [row.values.get(name) for name in ("family_name", "given_name")]
    native = row.values.get("native_name")
    shown = ", ".join(str(name) for name in names if name) + (f" ({native})" if native else "")
    number, *groups = (
        str(row.values.get(name) or "-") for name in ("student_number", "grade_level", "homeroom")
    )
    return row.id, number, shown, *groups, _MARKS.get(row.mark, row.mark)
