"""What a person calls a record."""

from collections.abc import Callable

from rollbook.domain.entity import EntityType, FieldType, Values

NAMING = ("given_name", "family_name", "native_name", "name", "title", "student_number")
"""The fields that :func:`label_of` reads."""


def label_of(values: Values) -> str:
    """Its name, with the number where it has one."""
    name = " ".join(
        str(part) for part in (values.get("given_name"), values.get("family_name")) if part
    ) or str(values.get("native_name") or values.get("name") or values.get("title") or "")
    number = values.get("student_number")
    return f"{name} ({number})" if number else name


def label_by_others(entity: EntityType, values: Values, label_by_id: Callable[[str], str]) -> str:
    """What a record without a name of its own is called: after those that it names, a date, a code."""
    if not entity.called:
        return label_of(values)
    parts = []
    for name in entity.called:
        value, spec = values.get(name), entity.field(name)
        if value is not None and spec is not None:
            parts.append(label_by_id(value) if spec.type is FieldType.REFERENCE else str(value))
    return " · ".join(part for part in parts if part)
