"""The grammar of `import` and `imports`."""

from pathlib import Path

from rollbook.cli.grammar import Commands, leaf, verbs
from rollbook.client.importing import FORMATS
from rollbook.domain.student import STUDENT

_COLUMNS = (
    "The first row names the columns: a field's name or what other programs call it (Surname, DOB, …). "
    f"Fields of a student: {', '.join(STUDENT.names)}."
)
_MAP = (
    "which field each column means: column,field in a line each, or JSON; without it as the last import of a "
    "file with these columns"
)
_UNDO = (
    "What was not sent is taken back; for what was sent, entries are made that write back what was before, "
    "and archive what it added. It works without the network. What was changed or used since is named first, "
    "and nothing is done until you choose."
)


def add(commands: Commands) -> None:
    """Add both commands."""
    _importing(commands)
    _imports(commands)


def _importing(commands: Commands) -> None:
    take_in = leaf(commands, "import", "take in a file of students, or a package", _COLUMNS)
    take_in.add_argument("file", type=Path, metavar="FILE")
    take_in.add_argument("--format", choices=FORMATS, default="auto", help="what it must be; else found out")
    take_in.add_argument("--sheet", default="", metavar="NAME", help="else the first that has rows")
    take_in.add_argument("--map", type=Path, metavar="FILE", help=_MAP)
    take_in.add_argument("--dry-run", action="store_true", help="say what would happen, change nothing")
    take_in.add_argument("--report", type=Path, metavar="FILE", help="all outcomes: .csv, .xlsx or .json")
    take_in.add_argument("--bad-rows", type=Path, metavar="FILE", help="to correct and import")
    take_in.add_argument("--replace", action="store_true", help="files of those names that are there already")
    take_in.add_argument("--good-rows", action="store_true", help="leave rows with a problem out")
    take_in.add_argument(
        "--confirm-removals", type=int, metavar="N", help="archive N records that the source has no more"
    )
    take_in.add_argument(
        "--overwrite-edited",
        action="store_true",
        help="take the file's value where a field was edited here since the last import",
    )


def _imports(commands: Commands) -> None:
    done = verbs(commands, "imports", "what was imported, and other runs: where each row is now")
    listed = leaf(done, "list", "the runs of this computer, the last first")
    listed.add_argument("--limit", type=int, default=100, metavar="N")
    show = leaf(done, "show", "one run, with what became of its rows")
    undo = leaf(done, "undo", "undo a whole run", _UNDO)
    for verb in (show, undo):
        verb.add_argument("run", metavar="RUN", help="its ID, or the last letters as the list shows them")
    undo.add_argument("--dry-run", action="store_true", help="say what would happen, change nothing")
    later = undo.add_mutually_exclusive_group()
    later.add_argument("--keep-later", action="store_true", help="leave what was changed or used since")
    later.add_argument("--overwrite-later", action="store_true", help="undo that as well")
