"""One number for all records of a table and their versions, the same on both sides (S21)."""

from collections.abc import Iterable
from hashlib import blake2b

import msgspec

_BYTES = 8
MASK = 2**62 - 1
"""Sums are kept modulo 2 to the 62: two of them still fit a database's integer when added."""


class TableSum(msgspec.Struct, frozen=True):
    """How many records, archived ones too, and the sum of their versions' hashes."""

    rows: int = 0
    sum: int = 0

    def moved(self, rows: int, by: int) -> "TableSum":
        """After ``rows`` more records, and versions whose hashes differ ``by`` so much in all."""
        return TableSum(self.rows + rows, (self.sum + by) & MASK)


def version_hash(record_id: str, version: int | None) -> int:
    """A number for one version of one record; 0 for ``None``, a record that is not there."""
    if version is None:
        return 0
    digest = blake2b(f"{record_id} {version}".encode(), digest_size=_BYTES).digest()
    return int.from_bytes(digest, "big") & MASK


def sum_of(records: Iterable[tuple[str, int]]) -> TableSum:
    """The sum of records given as id and version, in any order."""
    rows = total = 0
    for record_id, version in records:
        rows += 1
        total += version_hash(record_id, version)
    return TableSum(rows, total & MASK)
