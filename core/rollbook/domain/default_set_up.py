"""What a new school begins with: the codes of its registers, and ways to write grades."""

from typing import Any

from rollbook.domain.attendance import ATTENDANCE_CODE, DEFAULT_CODES
from rollbook.domain.entity import EntityType
from rollbook.domain.grades import DEFAULT_SCALES, GRADE_SCALE

_CODE_FIELDS = ("key", "title", "counts_as", "late", "excused", "teacher_may_use", "needs_reason")
_SCALE_FIELDS = ("sourced_id", "title", "kind", "minimum", "maximum", "pass_mark", "steps")
_BY_ROLLBOOK = {"source_system": "rollbook"}


def default_set_up(school_id: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Entity, id and values of each; the ids are those of their natural keys, so that none is made twice."""
    codes = [(ATTENDANCE_CODE, dict(zip(_CODE_FIELDS, code, strict=True))) for code in DEFAULT_CODES]
    scales = [
        (GRADE_SCALE, {**dict(zip(_SCALE_FIELDS, scale, strict=True)), **_BY_ROLLBOOK})
        for scale in DEFAULT_SCALES
    ]
    described: list[tuple[EntityType, dict[str, Any]]] = [*codes, *scales]
    return [(entity.name, str(entity.natural_id(school_id, values)), values) for entity, values in described]


def default_scale_id(school_id: str, own_id: str) -> str:
    """The id of one of the default scales, by its id in Rollbook's own words."""
    return str(GRADE_SCALE.natural_id(school_id, _BY_ROLLBOOK | {"sourced_id": own_id}))
