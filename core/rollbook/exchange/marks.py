"""What an import had for a record's fields, kept as short marks that show a later edit (D10).

A mark is the CRC-32 of a value: two values that differ have the same one once in four thousand million.
"""

import json
from collections.abc import Mapping
from typing import Any
from zlib import crc32

from rollbook.domain.entity import Values


def marks_of(values: Values) -> str:
    """The marks of the values, by field, as text."""
    return json.dumps({name: _mark(value) for name, value in values.items()}, separators=(",", ":"))


def edited_since(imported: str, values: Values) -> frozenset[str]:
    """The fields that no longer hold what the import had whose marks are ``imported``."""
    if not imported:
        return frozenset()
    marks: Mapping[str, Any] = json.loads(imported)
    return frozenset(name for name, mark in marks.items() if _mark(values.get(name)) != mark)


def _mark(value: Any) -> int:
    return crc32(json.dumps(value, ensure_ascii=False).encode())
