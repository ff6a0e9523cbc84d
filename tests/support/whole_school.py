"""A record of every entity, with the least that each needs, made from the descriptions (H1)."""

import uuid
from typing import Any

from rollbook.domain.entity import EntityType, FieldSpec, FieldType
from rollbook.domain.files import hash_of
from rollbook.domain.registry import ENTITIES
from support.school_server import Desk

_EXAMPLES: dict[FieldType, Any] = {
    FieldType.DATE: "2026-11-28",
    FieldType.EMAIL: "name@example.org",
    FieldType.PHONE: "210 1234567",
    FieldType.INTEGER: 1,
    FieldType.DECIMAL: "14.5",
}
_BY_RULES = {"contact": ("family_name",), "staff": ("family_name",), "attendance_mark": ("teacher_code",)}
"""Fields that only a rule asks for."""


def least_values(entity: EntityType, known: dict[str, str], text: str = "x") -> dict[str, Any]:
    """Values of a record of ``entity`` that fit; ``known`` are ids by the names of references."""
    by_rules = ("family_name",) if entity.name == "student" else _BY_RULES.get(entity.name, ())
    return {
        spec.name: _example(spec, known, text)
        for spec in entity.fields
        if spec.required or spec.name in by_rules
    }


def one_of_each(desk: Desk, text: str = "x") -> dict[str, str]:
    """Make a record of each entity that is not there yet; their ids as ``student_id`` and so on."""
    known = {"school_id": desk.session.memberships[0].school_id}
    known["merged_id"] = desk.student(family_name=text)  # whom a merge makes one with the student
    for entity in ENTITIES.values():
        if entity.writable:
            made = desk.create(**least_values(entity, known, text))
            made = desk.operation(made.kind, str(uuid.uuid4()), changes=made.changes, entity=entity.name)
            [result] = desk.push(made)
            assert result.outcome == "applied", (entity.name, result)
            known[f"{entity.name}_id"] = made.entity_id
    return known


def things_of(desk: Desk, text: str = "x") -> dict[str, str]:
    """What a desk has in its school, by its name in paths: records, a file's chunk, a request."""
    chunk, request_id = desk.device.encode(), f"made-by-{desk.device}"
    kept = desk.call("PUT", f"/api/v1/files/chunks/{hash_of(chunk)}", content=chunk)
    assert kept.status_code == 204, kept.text
    assert desk.call("GET", "/api/v1/students", {"X-Request-ID": request_id}).status_code == 200
    return one_of_each(desk, text) | {"sha256": hash_of(chunk), "request_id": request_id}


def _example(spec: FieldSpec, known: dict[str, str], text: str) -> Any:
    if spec.type is FieldType.REFERENCE:
        return known.get(spec.name, known[f"{spec.refers_to}_id"])
    if spec.type is FieldType.CHOICE:
        return spec.choices[0]
    return _EXAMPLES.get(spec.type, text[: spec.limit])
