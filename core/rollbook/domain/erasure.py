"""Who may ask to be erased, and which records are about them and go with them (D3): told by descriptions."""

from rollbook.domain.entity import EntityType, FieldSpec
from rollbook.domain.registry import ENTITIES

PERSONS: tuple[str, ...] = tuple(entity.name for entity in ENTITIES.values() if entity.person)
"""The entities whose records are people that can be erased."""


def references_about(person: str) -> tuple[tuple[EntityType, FieldSpec], ...]:
    """The references by which a record is about one of the entity ``person``."""
    return tuple(
        (entity, spec)
        for entity in ENTITIES.values()
        for spec in entity.references
        if spec.about and spec.refers_to == person
    )


def kept_for(person: str) -> tuple[EntityType, ...]:
    """The entities of people who are here for the sake of those of the entity ``person`` alone."""
    return tuple(entity for entity in ENTITIES.values() if entity.kept_for == person)
