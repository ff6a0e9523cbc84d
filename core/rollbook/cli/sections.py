"""`rollbookctl sections list|show`: the classes, and who is in them."""

from argparse import Namespace
from collections.abc import Mapping

from rollbook.cli import words
from rollbook.cli.answers import Answer, CommandProblemError
from rollbook.client.facade import Client
from rollbook.client.values import RecordQuery, RecordRow

_CELLS = ("title", "class_code", "class_type", "grade_level", "location")


def run(client: Client, arguments: Namespace) -> Answer:
    """Do the verb. Raises :class:`CommandProblemError`."""
    return {"list": _list, "show": _show}[arguments.verb](client, arguments)


def _list(client: Client, arguments: Namespace) -> Answer:
    page = client.records(RecordQuery("section", arguments.text, sort="title", limit=arguments.limit))
    data = {"total": page.total, "sections": [_as_data(row) for row in page.rows]}
    sessions = {
        row.id: str(row.values["title"]) for row, _archived in client.every_record("academic_session")
    }
    rows = [
        (row.id, *(str(row.values[name] or "-") for name in _CELLS), _session(row, sessions))
        for row in page.rows
    ]
    lines = words.aligned(("id", "title", "code", "type", "grade", "room", "year"), rows)
    more = [f"{page.total - len(page.rows)} more."] if page.total > len(page.rows) else []
    return Answer(data, lines, more or ([] if page.rows else ["There is no section."]))


def _session(row: RecordRow, titles: Mapping[str, str]) -> str:
    return titles.get(row.values["academic_session_id"] or "", "-")


def _show(client: Client, arguments: Namespace) -> Answer:
    section = client.record("section", arguments.id)
    if section is None:
        raise CommandProblemError(
            f"There is no section {arguments.id} on this computer. See all: rollbookctl sections list",
            code="not-found",
        )
    inside = client.registers.students(section.id)
    graded = client.records(RecordQuery("line_item", sort="title", filters={"section_id": section.id}))
    data = _as_data(section) | {
        "students": inside,
        "line_items": [_as_data(row) for row in graded.rows],
    }
    known = {name: words.value(value) for name, value in section.values.items() if value is not None}
    width = max(map(len, known), default=0)
    lines = [f"{name.ljust(width)}  {value}" for name, value in known.items()]
    lines += [f"Student  {each.label}" for each in inside]
    lines += [f"Graded   {row.values['title']}  {row.id}" for row in graded.rows]
    return Answer(data, lines)


def _as_data(row: RecordRow) -> dict[str, object]:
    return {"id": row.id, "version": row.version, "mark": row.mark, **row.values}
