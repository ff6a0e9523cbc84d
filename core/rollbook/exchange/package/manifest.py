"""`manifest.csv`: which files a package has, whether each is whole or of changes, and who made it (D11)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from rollbook.exchange.headings import folded
from rollbook.exchange.outcomes import FileWarning
from rollbook.exchange.read import read_table
from rollbook.exchange.table import Table

MANIFEST = "manifest"
OURS = "rollbook"
"""The code of this system as a source; behind a point stands the id of the school."""


class Mode(StrEnum):
    """What a file of the package is."""

    ABSENT = "absent"
    BULK = "bulk"
    DELTA = "delta"


@dataclass(frozen=True, slots=True)
class Manifest:
    """``modes`` by the file's name in lower case; ``version``: OneRoster's; ``system``: the source's code."""

    version: str = ""
    system: str = ""
    modes: Mapping[str, Mode] = field(default_factory=dict)
    warnings: tuple[FileWarning, ...] = ()


def read_manifest(data: bytes) -> Manifest:
    """Read it, with what is written in another way than the standard has it as warnings.

    Raises :class:`NotATableError` where it is no table.
    """
    table = read_table(data, name="manifest.csv")
    found: dict[str, str] = {}
    warnings: list[FileWarning] = []
    for name, value in _properties(table):
        key = name.casefold()
        if key in found and found[key] != value:
            warnings.append(
                FileWarning("manifest-twice", f"manifest.csv says “{name}” twice; the first counts.")
            )
        found.setdefault(key, value)
        if name not in _KNOWN and key in _KNOWN_BY_KEY:
            warnings.append(_case(name, _KNOWN_BY_KEY[key]))
    modes = dict(_modes(found, warnings))
    return Manifest(
        found.get("oneroster.version", ""), found.get("source.systemcode", ""), modes, tuple(warnings)
    )


def _properties(table: Table) -> Iterator[tuple[str, str]]:
    """Name and value of each row; some files have no line of headings."""
    rows = [tuple(row.cells) for row in table.rows]
    if table.headers and folded(table.headers[0]) != "propertyname":
        rows.insert(0, table.headers)
    for cells in rows:
        if len(cells) > 1 and cells[0].strip():
            yield cells[0].strip(), cells[1].strip()


def _modes(found: Mapping[str, str], warnings: list[FileWarning]) -> Iterator[tuple[str, Mode]]:
    for key, value in found.items():
        if not key.startswith("file."):
            continue
        stem = key.removeprefix("file.").removesuffix(".csv")
        word = value.casefold()
        if word not in set(Mode):
            warnings.append(
                FileWarning(
                    "manifest-value",
                    f"manifest.csv says “{value}” of {stem}, which is neither absent, bulk nor delta.",
                    "The file is read, but nothing that it lacks is removed.",
                )
            )
            continue
        if word != value:
            warnings.append(_case(value, word))
        yield stem, Mode(word)


def _case(spelled: str, right: str) -> FileWarning:
    return FileWarning("letter-case", f"manifest.csv has “{spelled}” for “{right}”; it was understood.")


FILES = (
    "academicSessions", "categories", "classes", "classResources", "courses", "courseResources",
    "demographics", "enrollments", "lineItemLearningObjectiveIds", "lineItems", "lineItemScoreScales", "orgs",
    "resources", "resultLearningObjectiveIds", "results", "resultScoreScales", "roles", "scoreScales",
    "userProfiles", "userResources", "users",
)  # fmt: skip
"""The files of OneRoster 1.2, in the order of its manifest."""
PROPERTIES = ("manifest.version", "oneroster.version", *(f"file.{name}" for name in FILES))
_KNOWN = frozenset({*PROPERTIES, "source.systemName", "source.systemCode"})
_KNOWN_BY_KEY = {name.casefold(): name for name in _KNOWN}
