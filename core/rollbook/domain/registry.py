"""All entities that are kept on both sides, by name. Adding one here is what makes it travel."""

from rollbook.domain.entity import EntityType
from rollbook.domain.school import SCHOOL
from rollbook.domain.student import STUDENT

ENTITIES: dict[str, EntityType] = {entity.name: entity for entity in (SCHOOL, STUDENT)}
