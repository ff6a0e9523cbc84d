"""What a person chose in a conflict (S14, S16)."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rollbook.client.values import RefusedEntryError
from rollbook.domain.canonical import canonical_values
from rollbook.domain.entity import EntityType

MINE, THEIRS, EDITED, SAME = "mine", "theirs", "edited", "same"
WHOLE_RECORD = "record"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a person chose for one field: mine, theirs, or a new value.

    ``same``, for the whole record: it is the one that the school has (D4).
    """

    side: str
    value: Any = None

    @classmethod
    def edited(cls, value: Any) -> "Chosen":
        """A value that is neither."""
        return cls(EDITED, value)


def composed(rows: Iterable[Any]) -> dict[str, dict[str, Any]]:
    """The changes of entries of one record as one: the first ``had`` of each field, its last value (S5)."""
    whole: dict[str, dict[str, Any]] = {}
    for row in rows:
        for name, change in json.loads(row.changes).items():
            whole[name] = {"had": whole.get(name, change)["had"], "value": change["value"]}
    return whole


def canonical(entity: EntityType, name: str, value: Any) -> Any:
    """The canonical form of a value that was entered. Raises :class:`RefusedEntryError`."""
    values, breaches = canonical_values(entity, {name: value})
    if breaches:
        raise RefusedEntryError(breaches)
    return values[name]
