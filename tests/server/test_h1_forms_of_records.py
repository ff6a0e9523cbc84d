"""The forms of every entity's records are what its description says and the domain takes (H1, R15)."""

from typing import Any

import jsonschema_rs
import pytest

from rollbook.domain.canonical import MAX_INTEGER, UnfitError, canonical_value
from rollbook.domain.entity import EntityType, FieldSpec, FieldType
from rollbook.domain.registry import ENTITIES
from rollbook.server.records.forms import components_of, forms_of
from support.whole_school import least_values

ID = "01a06121-cc00-72dc-998a-94a42083f86d"
SAID_BY_RULES_ALONE = frozenset({FieldType.EMAIL, FieldType.PHONE, FieldType.FILE})
"""What no form says of these, the domain does: it may refuse more than the form."""
VALUES: tuple[Any, ...] = (
    *(0, -1, 7, 2.5, MAX_INTEGER, MAX_INTEGER + 1, True, [], {}),
    *("14,5", "14.5", "-3.25", "1.2345678", "12", "--5", "²", "9" * 20, "1e3"),
    *("2026-11-28", "2026-02-30", "28.11.2026", ID, ID.upper(), ID[:-1]),
    *("yes", "female", "Eleni", "Ελένη", "x" * 10, "x" * 11, "x" * 4_001),
)
EVERY = [pytest.param(entity, id=entity.name) for entity in ENTITIES.values()]
WRITABLE = [pytest.param(entity, id=entity.name) for entity in ENTITIES.values() if entity.writable]


def validator(entity: EntityType, form: str) -> Any:
    components = {"components": {"schemas": components_of(entity)}}
    whole = {"$ref": f"#/components/schemas/{form}"} | components
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


def canonical(spec: FieldSpec, value: Any) -> Any:
    """The value as it would be kept; ``None`` for one that is refused."""
    try:
        return canonical_value(spec, value)
    except UnfitError:
        return None


@pytest.mark.parametrize("entity", WRITABLE)
def test_h1_what_the_form_of_a_change_says_of_a_value_is_what_the_domain_does(entity: EntityType) -> None:
    form = validator(entity, forms_of(entity).change)
    for spec in entity.fields:
        for value in VALUES:
            said = form.is_valid({"values": {spec.name: value}})
            taken = canonical(spec, value) is not None
            assert said == taken or (said and spec.type in SAID_BY_RULES_ALONE), (spec.name, value, said)


@pytest.mark.parametrize("entity", EVERY)
def test_h1_what_is_kept_fits_the_form_of_what_is_shown(entity: EntityType) -> None:
    form = validator(entity, forms_of(entity).view)
    moment = "2026-11-28T09:00:00.000+00:00"
    view = {"id": ID, "version": 1, "created_by": "a", "updated_by": "b", "deleted_at": None}
    view |= {"created_at": moment, "updated_at": moment}
    empty = dict.fromkeys(entity.names)
    for spec in entity.fields:
        for value in VALUES:
            kept = canonical(spec, value)
            form.validate(view | {"values": empty | {spec.name: kept}})
    assert not form.is_valid(view | {"values": {}})


@pytest.mark.parametrize("entity", WRITABLE)
def test_h1_a_new_record_needs_what_the_description_needs_and_has_no_other_field(entity: EntityType) -> None:
    form = validator(entity, forms_of(entity).new)
    least = least_values(entity, {f"{each}_id": ID for each in ENTITIES})
    assert form.is_valid({"values": least})
    for spec in entity.fields:
        without = {name: value for name, value in least.items() if name != spec.name}
        assert form.is_valid({"values": without}) == (not spec.required), spec.name
    assert not form.is_valid({"values": least | {"hat_size": "7"}})


def test_h1_every_entity_has_an_address_of_its_own_as_the_design_names_them() -> None:
    plurals = [entity.plural for entity in ENTITIES.values()]
    assert len(set(plurals)) == len(plurals)
    named = "students contacts enrolments sections sessions courses notes attendance-codes grade-scales"
    assert {*named.split(), "schools", "categories", "line-items"} <= set(plurals)
    components = [name for entity in ENTITIES.values() for name in components_of(entity)]
    assert len(set(components)) == len(components)
