"""What kinds of records a person writes, by the word for many of them, and what names one of a kind."""

from rollbook.domain.registry import ENTITIES

WRITTEN_KINDS: dict[str, str] = {
    entity.plural: entity.name for entity in ENTITIES.values() if entity.writable and entity.plural
}
"""The entity's name by its plural: ``students`` is ``student``."""
