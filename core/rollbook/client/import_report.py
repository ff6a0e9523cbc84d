"""The report of a dry run as a file, and the bad rows as a file to be corrected (D9)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rollbook.client.importing import DryRun, PackageDryRun
from rollbook.exchange import NotATableError, bad_rows_file, write_table
from rollbook.exchange.whole_file import new_file, written

HEADINGS = ("file", "row", "outcome", "record_id", "changes", "problems", "notes")


def write_report(checked: DryRun | PackageDryRun, file: Path, *, replace: bool = False) -> None:
    """Write every row's outcome: ``.csv``, ``.xlsx``, or all that is known of it as ``.json``.

    Raises :class:`UnwritableFileError`.
    """
    data = checked.as_data()
    if file.suffix.lower() == ".json":
        with new_file(file, (".json",), replace=replace) as new:
            written(new, json.dumps(data, ensure_ascii=False, indent=1).encode())
        return
    write_table(file, HEADINGS, _rows(checked.name, data), replace=replace)


def write_bad_rows(checked: DryRun | PackageDryRun, file: Path, *, replace: bool = False) -> None:
    """Write the rows with a problem as the file has them, with a column of reasons.

    Raises :class:`UnwritableFileError`, and :class:`NotATableError` for a package.
    """
    if not isinstance(checked, DryRun):
        raise NotATableError(
            "package", "The bad rows of a package are not written to one file.", "Use --report instead."
        )
    ending = ".csv" if checked.table.delimiter else ".xlsx"
    with new_file(file, (ending,), replace=replace) as new:
        written(new, bad_rows_file(checked.table, checked.plan))


def _rows(name: str, data: dict[str, Any]) -> Iterator[list[str]]:
    parts = data.get("parts") or [{"file": name, "rows": data["rows"]}]
    for part in parts:
        for row in part["rows"]:
            changes = [f"{name}: {_change(change)}" for name, change in row["changes"].items()]
            problems = [f"{each['message']} {each['suggestion']}".strip() for each in row["problems"]]
            told = (row["row"], row["outcome"], row["id"] or "", "; ".join(changes), " ".join(problems))
            yield [part["file"], *map(str, told), " ".join(row["notes"])]


def _change(change: dict[str, Any]) -> str:
    return " → ".join("-" if each is None else str(each) for each in (change["from"], change["to"]))
