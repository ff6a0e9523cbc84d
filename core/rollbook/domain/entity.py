"""How an entity is described: once, as a frozen dataclass whose fields carry metadata (H1).

Tables, the wire form, validation, forms, import columns and labels are derived from the description.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from rollbook.domain.ids import natural_id
from rollbook.domain.roles import Right

Values = Mapping[str, Any]
"""Field name to value in canonical form: ``None``, ``str``, ``int`` or ``bool``; dates as ISO 8601 text."""


class FieldType(StrEnum):
    """What a field holds; each has one canonical form (see :mod:`rollbook.domain.canonical`)."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    DATE = "date"
    CHOICE = "choice"
    EMAIL = "email"
    PHONE = "phone"
    INTEGER = "integer"
    DECIMAL = "decimal"  # a number as text, in the form that Python and every database read: 14.5
    REFERENCE = "reference"  # the id of another record
    FILE = "file"  # a photo: what is kept of it is told by rollbook.domain.files (S31)


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of an entity.

    ``limit`` is in characters. ``group`` names fields that one rule binds, compared together (S13).
    ``searched`` fields are found by the instant search (D5). ``unique`` fields hold a value once in a school.
    ``listed`` fields stand in the list of all records, which sorts by them. ``numbered`` ones take the
    next number of a series that the school keeps (S16). ``refers_to`` is the entity that a reference names.
    ``at_least`` is the smallest number that fits. Who changes it needs its ``right``, if it has one, beside
    the one to write the record. A reference is ``about`` a person where the record says
    something of that one, and goes with them when they are erased (D3).
    """

    name: str
    type: FieldType = FieldType.TEXT
    limit: int = 200
    choices: tuple[str, ...] = ()
    required: bool = False
    group: str | None = None
    searched: bool = False
    unique: bool = False
    listed: bool = False
    numbered: bool = False
    refers_to: str = ""
    at_least: int | None = None
    right: Right | None = None
    about: bool = False
    section: str = "main"


@dataclass(frozen=True, slots=True)
class EntityType:
    """An entity as the engine of sync knows it: by description, never by name.

    ``natural_keys`` are groups of fields of which each names one record of a school (S16). ``plural`` is its
    word in addresses of the API. ``area`` says which rights give it (:mod:`rollbook.domain.scope`).
    ``called`` are the fields that make its label, where it has no name of its own. ``person``: its records
    are people who may ask to be erased (D3); ``kept_for`` is the entity for whose sake alone they are here.
    """

    name: str
    record: type
    fields: tuple[FieldSpec, ...]
    payload_version: int = 1
    rules: tuple[Callable[[Values], tuple["RuleBreach", ...]], ...] = ()
    lane: Callable[[str, Values], str] = field(default=lambda entity_id, _values: entity_id)
    writable: bool = True
    natural_keys: tuple[tuple[str, ...], ...] = ()
    plural: str = ""
    area: str = ""
    called: tuple[str, ...] = ()
    person: bool = False
    kept_for: str = ""
    names: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """The names of all fields, in the order of the description."""
    references: tuple[FieldSpec, ...] = field(init=False, repr=False, compare=False)
    """The fields that name other records."""
    searched: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """The names of the fields that the instant search finds (D5)."""
    guarded: tuple[FieldSpec, ...] = field(init=False, repr=False, compare=False)
    """The fields that need a right of their own."""
    _by_name: dict[str, FieldSpec] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Find out once what is asked at every record."""
        object.__setattr__(self, "_by_name", {spec.name: spec for spec in self.fields})
        object.__setattr__(self, "names", tuple(self._by_name))
        references = tuple(spec for spec in self.fields if spec.type is FieldType.REFERENCE)
        object.__setattr__(self, "references", references)
        object.__setattr__(self, "guarded", tuple(spec for spec in self.fields if spec.right is not None))
        object.__setattr__(self, "searched", tuple(spec.name for spec in self.fields if spec.searched))

    def natural_key(self, values: Values) -> tuple[str, ...] | None:
        """The names of the first natural key that ``values`` hold whole (S16), or ``None``."""
        for key in self.natural_keys:  # asked for every operation: a plain loop is the quickest
            for name in key:
                if not values.get(name):
                    break
            else:
                return key
        return None

    def natural_id(self, owner: str, values: Values) -> str | None:
        """The id that every desk gives a record with the natural key in ``values``; ``None`` without one.

        ``owner`` is the school whose record it is.
        """
        key = self.natural_key(values)
        return None if key is None else natural_id(self.name, owner, *(str(values[name]) for name in key))

    def field(self, name: str) -> FieldSpec | None:
        """The field of that name, or ``None``."""
        return self._by_name.get(name)

    def group_of(self, name: str) -> tuple[str, ...]:
        """The names that are compared together with ``name`` (S13); itself alone where no rule binds it."""
        spec = self.field(name)
        if spec is None or spec.group is None:
            return (name,)
        return tuple(other.name for other in self.fields if other.group == spec.group)


@dataclass(frozen=True, slots=True)
class RuleBreach:
    """A value that breaks a rule: the field, a stable code, what is wrong, and what would be right."""

    field: str
    code: str
    message: str
    suggestion: str


def attribute(default: Any = None, **spec: Any) -> Any:
    """Declare a field of an entity; ``spec`` are the arguments of :class:`FieldSpec` but for the name."""
    return field(default=default, metadata={"spec": spec})


def reference(entity: str, **spec: Any) -> Any:
    """Declare a field that names a record of ``entity``."""
    return attribute(type=FieldType.REFERENCE, refers_to=entity, **spec)


def describe(name: str, record: type, **options: Any) -> EntityType:
    """Read the description of ``record`` (a frozen dataclass of attributes) into an :class:`EntityType`."""
    specs = tuple(FieldSpec(name=item.name, **item.metadata["spec"]) for item in dataclasses.fields(record))
    return EntityType(name=name, record=record, fields=specs, **options)
