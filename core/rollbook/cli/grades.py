"""`rollbookctl grades show|enter`: the results of a line item (D2, D7)."""

from argparse import Namespace

from rollbook.cli import class_rows, words
from rollbook.cli.answers import Answer, plain
from rollbook.client.facade import Client
from rollbook.client.grades import MISSING, GradeLine


def run(client: Client, arguments: Namespace) -> Answer:
    """Do the verb. Raises :class:`CommandProblemError` and :class:`RefusedEntryError`."""
    return {"show": _show, "enter": _enter}[arguments.verb](client, arguments)


def _show(client: Client, arguments: Namespace) -> Answer:
    sheet = client.grades.read(arguments.line_item)
    rows = [(line.student_number or "-", line.label, _result(line)) for line in sheet.lines]
    best = "" if sheet.maximum is None else f", at most {sheet.maximum}"
    lines = words.aligned(("number", "student", "result"), rows)
    return Answer(plain(sheet), lines, [f"{sheet.title}{best}."])


def _enter(client: Client, arguments: Namespace) -> Answer:
    sheet = client.grades.read(arguments.line_item)
    scores = class_rows.by_student(arguments.scores, sheet.lines, "SCORE")
    return class_rows.stored(client.grades.enter(sheet.line_item_id, scores, sheet))


def _result(line: GradeLine) -> str:
    if line.missing == "yes":
        return MISSING
    return line.score or line.text_score or (line.score_status or "-").replace("_", " ")
