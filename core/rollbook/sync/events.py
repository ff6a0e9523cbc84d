"""What the engine tells: facts without payload, so that a listener asks the tables (S24)."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RecordsChanged:
    """Records of an entity changed here; ``ids`` is ``None`` when they are too many to name."""

    entity: str
    ids: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """The status may have changed; ask for it."""


@dataclass(frozen=True, slots=True)
class TablesDiffer:
    """Compared with the school at one cursor, these entities are not the same here; none: they are again."""

    entities: tuple[str, ...]


Event = RecordsChanged | StatusChanged | TablesDiffer
Emit = Callable[[Event], None]

NAMED_AT_MOST = 500


def records_changed(entity: str, ids: list[str]) -> RecordsChanged:
    """The event for those ids, unnamed when they are many."""
    return RecordsChanged(entity, tuple(ids) if len(ids) <= NAMED_AT_MOST else None)
