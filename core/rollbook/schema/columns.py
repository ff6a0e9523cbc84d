"""Columns and values of an entity, derived from its description (H1)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, Column, Text

from rollbook.domain.entity import EntityType, FieldSpec, FieldType


def value_columns(entity: EntityType) -> list[Column[Any]]:
    """One nullable column for each field, in the order of the description. Fresh objects at each call."""
    return [Column(spec.name, _column_type(spec), nullable=True) for spec in entity.fields]


def values_of(entity: EntityType, row: Mapping[Any, Any]) -> dict[str, Any]:
    """The entity's values in a row of a table that has its columns."""
    return {name: row[name] for name in entity.names}


def _column_type(spec: FieldSpec) -> BigInteger | Text:
    # Dates are ISO text on both sides: the canonical form compares and sorts as it is.
    return BigInteger() if spec.type is FieldType.INTEGER else Text()
