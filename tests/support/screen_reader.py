"""Reads the screen as a screen reader does. Run by Debian's own Python, which has the accessibility bus.

Takes one JSON object a line and answers one: ``{"app": NAME, "id": ID}`` gives the widget of that accessible
id as ``{"name", "text", "states", "role", "rows"}``, or ``null``; ``{"app": NAME, "table": ID, "row": R,
"column": C}`` gives a cell's text. Nothing of the program is imported.
"""

import json
import sys

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402

TABLES = ("table", "tree", "tree table", "list")
TIMEOUT_MS = 1500


def attempt(call, default=None):
    """What ``call`` gives; ``default`` when the widget has gone meanwhile."""
    try:
        return call()
    except GLib.Error:
        return default


def children(node):
    """The nodes below."""
    for number in range(attempt(node.get_child_count, 0)):
        child = attempt(lambda number=number: node.get_child_at_index(number))
        if child is not None:
            yield child


def application(name):
    """The application of that name on the bus, or ``None``."""
    found = [node for node in children(Atspi.get_desktop(0)) if attempt(node.get_name) == name]
    return found[-1] if found else None


def find(node, wanted):
    """The showing widget whose accessible id ends in ``wanted``; cells of tables are not searched."""
    for child in children(node):
        own = (attempt(child.get_accessible_id) or "").rsplit(".", 1)[-1]
        if own == wanted and is_showing(child):
            return child
        if attempt(child.get_role_name) not in TABLES and (found := find(child, wanted)) is not None:
            return found
    return None


def is_showing(node):
    """Whether the widget can be seen."""
    return Atspi.StateType.SHOWING in attempt(lambda: node.get_state_set().get_states(), [])


def text_of(node):
    """What an editor holds; ``None`` for a widget without text."""
    if attempt(node.get_text_iface) is None:
        return None
    return attempt(lambda: Atspi.Text.get_text(node, 0, Atspi.Text.get_character_count(node)))


def told(node):
    """The widget as the test wants it."""
    attempt(node.clear_cache)
    return {
        "name": attempt(node.get_name),
        "text": text_of(node),
        "role": attempt(node.get_role_name),
        "states": [state.value_nick for state in attempt(lambda: node.get_state_set().get_states(), [])],
        "rows": attempt(lambda: Atspi.Table.get_n_rows(node)) if attempt(node.get_table_iface) else None,
    }


def answer(question):
    """The answer to one question."""
    app = application(question["app"])
    node = None if app is None else find(app, question.get("id") or question.get("table"))
    if node is None:
        return None
    if "table" not in question:
        return told(node)
    cell = attempt(lambda: Atspi.Table.get_accessible_at(node, question["row"], question["column"]))
    return None if cell is None else attempt(cell.get_name)


def main():
    """Answer until standard input ends."""
    Atspi.init()
    Atspi.set_timeout(TIMEOUT_MS, 10 * TIMEOUT_MS)
    for line in sys.stdin:
        print(json.dumps(attempt(lambda line=line: answer(json.loads(line)))), flush=True)


if __name__ == "__main__":
    main()
