"""Under which ids a school's records go out: where they came from, or else their own (S16, D10)."""

from collections import Counter
from collections.abc import Callable, Iterable

from rollbook.domain.entity import Values

Records = Callable[[str], Iterable[tuple[str, Values]]]
"""The records of an entity that are not archived: id and values."""

USERS = ("student", "contact", "staff")
_ALONE = ("academic_session", "course", "section", "category", "line_item")


class ExportIds:
    """The id in the package of each record that others name; one that two of a file have is neither's."""

    def __init__(self, records: Records) -> None:
        self._ids: dict[str, dict[str, str]] = {}
        for group in (USERS, *((entity,) for entity in _ALONE)):
            self._take(group, records)

    def _take(self, group: Iterable[str], records: Records) -> None:
        found = {
            entity: [(record_id, usable(values)) for record_id, values in records(entity)] for entity in group
        }
        times = Counter(sourced_id for pairs in found.values() for _id, sourced_id in pairs if sourced_id)
        for entity, pairs in found.items():
            self._ids[entity] = {
                record_id: sourced_id if sourced_id and times[sourced_id] == 1 else record_id
                for record_id, sourced_id in pairs
            }

    def of(self, entity: str, record_id: object) -> str:
        """The id in the package; empty for none, and for a record that does not go out."""
        return self._ids[entity].get(str(record_id), "")

    def leave_out(self, entity: str, record_id: str) -> None:
        """The record does not go out after all."""
        self._ids.get(entity, {}).pop(record_id, None)


def usable(values: Values) -> str:
    """The id that a record came with, where it can stand in a list of a package."""
    sourced_id = str(values.get("sourced_id") or "")
    return "" if "," in sourced_id or sourced_id in ("NULL", "null") else sourced_id
