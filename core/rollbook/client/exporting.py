"""The school's students to a file, from what is on this computer (D13, D12)."""

from collections.abc import Iterator
from pathlib import Path

from rollbook.client.facade import Client
from rollbook.exchange import IMPORTED, write_table


def export_students(client: Client, file: Path, *, replace: bool = False) -> int:
    """Write all students that are not archived; returns how many.

    The headings are the names that an import knows the fields by: importing the file changes nothing (D10).
    Raises :class:`UnwritableFileError`.
    """
    return write_table(file, IMPORTED, _rows(client), replace=replace)


def _rows(client: Client) -> Iterator[list[str]]:
    for row, archived in client.every_record("student"):
        if not archived:
            yield ["" if row.values[name] is None else str(row.values[name]) for name in IMPORTED]
