"""A form as the description of an entity gives it (H1): sections and fields in order."""

from dataclasses import dataclass
from itertools import groupby

from PySide6.QtCore import QCoreApplication

from rollbook.domain.entity import EntityType, FieldSpec, FieldType
from rollbook_desktop.viewmodels.labels import choice_label, field_label, section_label

translate = QCoreApplication.translate
WIDE = {"native_name", "email", "address"}


@dataclass(frozen=True, slots=True)
class FormField:
    """``kind`` is line, lines or choice; ``choices`` are (value, words), the empty value first."""

    name: str
    label: str
    kind: str
    placeholder: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    wide: bool = False


@dataclass(frozen=True, slots=True)
class FormSection:
    """Fields under one heading."""

    name: str
    title: str
    fields: tuple[FormField, ...]


def sections_of(entity: EntityType) -> tuple[FormSection, ...]:
    """The sections of an entity's form, in the order of its description."""
    return tuple(
        FormSection(name, section_label(name), tuple(_field(spec) for spec in specs))
        for name, specs in groupby(_typed(entity), key=lambda spec: spec.section)
    )


def _typed(entity: EntityType) -> list[FieldSpec]:
    """What is typed or chosen; a file is no text."""
    return [spec for spec in entity.fields if spec.type is not FieldType.FILE]


def _field(spec: FieldSpec) -> FormField:
    kind = {FieldType.LONG_TEXT: "lines", FieldType.CHOICE: "choice"}.get(spec.type, "line")
    return FormField(
        spec.name,
        field_label(spec.name),
        kind,
        translate("form", "year-month-day") if spec.type is FieldType.DATE else "",
        tuple((value, choice_label(spec.name, value)) for value in ("", *spec.choices))
        if kind == "choice"
        else (),
        spec.name in WIDE,
    )
