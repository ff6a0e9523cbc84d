"""Matching a file's columns to what a student has: by name, or as a person says (D8)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from rollbook.exchange.errors import ColumnsError
from rollbook.exchange.headings import IMPORTED, Aside, folded, is_left_out, is_secret, is_whole_name, meaning

NAME_FIELDS = ("family_name", "given_name", "native_name")
_SDS_ID = folded("SIS ID")


class Use(StrEnum):
    """What is done with a column."""

    FIELD = "field"
    ASIDE = "aside"  # says something about the row: its school, role or status
    LEFT_OUT = "left_out"  # known, or said by a person, to be of no use
    SECRET = "secret"  # noqa: S105 - a word for what must not be kept (D10)
    UNMATCHED = "unmatched"


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``target`` is a field's name or an aside's, or empty; ``note`` says why."""

    index: int
    heading: str
    use: Use
    target: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """All columns in the file's order. ``source_system`` names where the file's own ids come from."""

    columns: tuple[Column, ...]
    source_system: str

    def column_of(self, target: str) -> Column | None:
        """The column that gives a field or aside, or ``None``."""
        return next((column for column in self.columns if column.target == target), None)

    def without(self, column: Column, note: str) -> "ColumnMapping":
        """The same with that column left out, and why."""
        left_out = replace(column, use=Use.LEFT_OUT, target="", note=note)
        return replace(self, columns=tuple(left_out if other is column else other for other in self.columns))

    def of_use(self, use: Use) -> tuple[Column, ...]:
        """The columns of one use."""
        return tuple(column for column in self.columns if column.use is use)


def match_columns(
    headers: Sequence[str],
    chosen: Mapping[str, str | None] | None = None,
    *,
    source_system: str | None = None,
) -> ColumnMapping:
    """Match headings to fields.

    ``chosen`` overrides by heading: a field's name, or ``None`` to leave the column out.
    ``source_system`` overrides where the file's ids are from (``sds``, ``oneroster``, else ``file``).
    Raises :class:`ColumnsError` for an unknown heading or field, and where no column holds a name.
    """
    wanted = _checked_choice(headers, chosen or {})
    found = _with_given_name([_column(index, heading, wanted) for index, heading in enumerate(headers)])
    mapping = ColumnMapping(tuple(_without_rivals(found, wanted)), source_system or _source_system(headers))
    if not any(mapping.column_of(name) for name in NAME_FIELDS):
        raise _no_name(headers)
    return mapping


def _checked_choice(headers: Sequence[str], chosen: Mapping[str, str | None]) -> dict[str, str | None]:
    known = {folded(heading) for heading in headers}
    for heading, target in chosen.items():
        if folded(heading) not in known:
            raise ColumnsError(
                "column-unknown",
                f"The file has no column “{heading}”.",
                f"Its columns are: {', '.join(headers)}.",
            )
        if target is not None and target not in IMPORTED:
            raise ColumnsError(
                "field-unknown",
                f"There is no field “{target}”.",
                f"Use one of: {', '.join(IMPORTED)}.",
            )
    return {folded(heading): target for heading, target in chosen.items()}


def _column(index: int, heading: str, wanted: Mapping[str, str | None]) -> Column:
    if is_secret(heading):
        return Column(index, heading, Use.SECRET, note="Passwords are never stored.")
    key = folded(heading)
    if key in wanted:
        target = wanted[key]
        return Column(index, heading, Use.FIELD if target else Use.LEFT_OUT, target or "")
    if is_left_out(heading):
        return Column(index, heading, Use.LEFT_OUT)
    means = meaning(heading)
    if means is None:
        return Column(index, heading, Use.UNMATCHED)
    target = means[0]
    return Column(index, heading, Use.ASIDE if target in set(Aside) else Use.FIELD, target)


def _with_given_name(columns: list[Column]) -> list[Column]:
    """Beside a family name, where no given name is, “Name” is the given name; alone it is a whole name."""
    targets = {column.target for column in columns}
    if "family_name" not in targets or "given_name" in targets:
        return columns
    return [
        replace(column, use=Use.FIELD, target="given_name", note="Taken as the given name.")
        if column.use is Use.UNMATCHED and folded(column.heading) == "name"
        else column
        for column in columns
    ]


def _without_rivals(columns: list[Column], wanted: Mapping[str, str | None]) -> list[Column]:
    """Where columns mean one field, a person's choice wins, then the most exact name, then the first."""
    best: dict[str, Column] = {}
    for column in columns:
        rival = best.get(column.target)
        if column.target and (rival is None or _rank(column, wanted) < _rank(rival, wanted)):
            best[column.target] = column
    return [
        column
        if not column.target or best[column.target] is column
        else replace(
            column,
            use=Use.LEFT_OUT,
            target="",
            note=f"Means the same as the column “{best[column.target].heading}”.",
        )
        for column in columns
    ]


def _rank(column: Column, wanted: Mapping[str, str | None]) -> int:
    if folded(column.heading) in wanted:
        return -1
    means = meaning(column.heading)
    return means[1] if means else 0


def _source_system(headers: Sequence[str]) -> str:
    keys = {folded(heading) for heading in headers}
    if _SDS_ID in keys:
        return "sds"
    # OneRoster's own spelling; a plain “Sourced ID” in another file says nothing about where it is from
    return "oneroster" if "sourcedId" in headers else "file"


def _no_name(headers: Sequence[str]) -> ColumnsError:
    whole = next((heading for heading in headers if is_whole_name(heading)), None)
    if whole is not None:
        return ColumnsError(
            "name-not-parted",
            f"The column “{whole}” holds whole names, and nothing tells family and given name apart.",
            "Divide it into two columns with the headings “Family name” and “Given name”.",
        )
    seen = ", ".join(f"“{heading}”" for heading in headers[:12]) or "none"
    return ColumnsError(
        "no-name-column",
        f"No column holds a name. The headings that were read: {seen}.",
        "Give the first line headings such as “Family name” and “Given name” (or “Last Name”, “Επώνυμο”), "
        "or say which column is which.",
    )
