"""An entity's bodies and answers as JSON Schema, derived from its description (H1)."""

from dataclasses import dataclass
from typing import Any

from rollbook.domain.canonical import MAX_INTEGER
from rollbook.domain.entity import EntityType, FieldSpec, FieldType
from rollbook.server.sync.incoming import RECORD_ID

Schema = dict[str, Any]
_NULL: Schema = {"type": "null"}
_TEXT: Schema = {"type": "string"}
_MOMENT: Schema = {"type": "string", "format": "date-time"}
_MAX_DECIMAL = 10**12 - 1
RECORD: Schema = {"type": "string", "pattern": f"^{RECORD_ID}$"}
"""The id of a record."""


@dataclass(frozen=True, slots=True)
class Forms:
    """The names of an entity's components in the OpenAPI page."""

    new: str
    change: str
    view: str
    page: str
    listed: str
    """The member of a page that holds its records."""


def forms_of(entity: EntityType) -> Forms:
    """``NewLineItem``, ``LineItemChange``, ``LineItemView``, ``LineItemsPage`` and ``line_items``."""
    one, listed = _joined(entity.name), entity.plural.replace("-", "_")
    return Forms(f"New{one}", f"{one}Change", f"{one}View", f"{_joined(listed)}Page", listed)


def components_of(entity: EntityType) -> dict[str, Schema]:
    """The components that the entity's endpoints name."""
    forms = forms_of(entity)
    found = {forms.view: _view(entity), forms.page: _page(forms)}
    if entity.writable:
        found |= {forms.new: _new(entity), forms.change: _change(entity)}
    return found


def asked(spec: FieldSpec) -> Schema:
    """A value as the address of a list names it: what is kept, as text."""
    kept = _kept(spec)
    return kept if kept != _text(spec) else kept | {"minLength": 1}


def _joined(words: str) -> str:
    return "".join(word.capitalize() for word in words.split("_"))


def _view(entity: EntityType) -> Schema:
    traces = dict.fromkeys(("created_by", "updated_by"), _TEXT)
    traces |= dict.fromkeys(("created_at", "updated_at"), _MOMENT)
    members = {
        "id": _TEXT if not entity.writable else RECORD,
        "version": {"type": "integer"},
        "values": _object({spec.name: _or_null(_kept(spec)) for spec in entity.fields}, entity.names),
        **traces,
        "deleted_at": _or_null(_MOMENT),
    }
    return _object(members, tuple(members))


def _page(forms: Forms) -> Schema:
    records = {"type": "array", "items": {"$ref": f"#/components/schemas/{forms.view}"}}
    return _object({forms.listed: records, "next": _or_null(_TEXT)}, (forms.listed, "next"))


def _new(entity: EntityType) -> Schema:
    needed = tuple(spec.name for spec in entity.fields if spec.required)
    members = {
        spec.name: _entered(spec) if spec.required else _or_null(_entered(spec)) for spec in entity.fields
    }
    values = _object(members, needed) | {"additionalProperties": False}
    return _object({"values": values, "id": _or_null(RECORD)}, ("values",))


def _change(entity: EntityType) -> Schema:
    members = {
        spec.name: _entered(spec) if spec.required else _or_null(_entered(spec)) for spec in entity.fields
    }
    seen = {"anyOf": [{"type": "object"}, _NULL]}
    version = {"anyOf": [{"type": "integer", "minimum": 0, "maximum": MAX_INTEGER}, _NULL]}
    return _object(
        {
            "values": _object(members, ()) | {"additionalProperties": False},
            "had": seen,
            "base_version": version,
        },
        ("values",),
    )


def _object(members: dict[str, Schema], needed: tuple[str, ...]) -> Schema:
    return {"type": "object", "properties": members, "required": list(needed)}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [*schema.get("anyOf", [schema]), _NULL]}


def _kept(spec: FieldSpec) -> Schema:
    """A value in its canonical form."""
    match spec.type:
        case FieldType.INTEGER:
            return _numbers(spec, "integer", MAX_INTEGER)
        case FieldType.DECIMAL:
            sign = "" if spec.at_least == 0 else "-?"
            return {"type": "string", "pattern": f"^{sign}[0-9]{{1,12}}(\\.[0-9]{{1,6}})?$"}
        case FieldType.CHOICE:
            return {"type": "string", "enum": list(spec.choices)}
        case FieldType.DATE:
            return {"type": "string", "format": "date"}
        case FieldType.REFERENCE:
            return RECORD
        case _:
            return _text(spec)


def _text(spec: FieldSpec) -> Schema:
    return {"type": "string", "maxLength": spec.limit}


def _entered(spec: FieldSpec) -> Schema:
    """A value as it may come: numbers also as people write them (D7)."""
    if spec.type is FieldType.INTEGER:
        digits = {"type": "string", "pattern": "^[0-9]{1,15}$"}
        return {"anyOf": [_kept(spec), digits]}
    if spec.type is FieldType.DECIMAL:
        sign = "" if spec.at_least == 0 else "[+-]?"
        written = {"type": "string", "pattern": f"^{sign}[0-9]{{1,12}}([.,][0-9]{{0,6}})?$"}
        return {"anyOf": [written, _numbers(spec, "number", _MAX_DECIMAL)]}
    return _kept(spec)


def _numbers(spec: FieldSpec, kind: str, most: int) -> Schema:
    return {"type": kind, "minimum": -most if spec.at_least is None else spec.at_least, "maximum": most}
