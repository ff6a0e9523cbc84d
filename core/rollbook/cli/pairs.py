"""`FIELD=VALUE` on the command line."""

from collections.abc import Iterable
from typing import Any

from rollbook.cli.answers import CommandProblemError


def fields_of(pairs: Iterable[str]) -> dict[str, Any]:
    """The values by field; an empty one is ``None``. Raises :class:`CommandProblemError`."""
    fields: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise CommandProblemError(f"“{pair}” is not FIELD=VALUE.", code="usage")
        fields[name] = value or None
    return fields
