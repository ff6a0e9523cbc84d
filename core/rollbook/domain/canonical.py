"""One form for every value (S13, D7): what is compared, stored and sent is always in it."""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from rollbook.domain.entity import EntityType, FieldSpec, FieldType, RuleBreach, Values
from rollbook.domain.files import file_value

# The categories Cc and Cs of Unicode, but for the line feed.
_INVISIBLE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
MAX_INTEGER = 2**53 - 1
_INTEGER = re.compile(r"[+-]?[0-9]{1,16}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,12}(?:[.,][0-9]{0,6})?")
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class UnfitError(Exception):
    """A value that has no canonical form for its field; carries the breach to show."""

    def __init__(self, breach: RuleBreach) -> None:
        super().__init__(breach.message)
        self.breach = breach


def canonical_value(spec: FieldSpec, value: Any) -> Any:
    """The canonical form of ``value`` for the field; empty text is unknown (``None``).

    Raises :class:`UnfitError` with what is wrong and what would be right.
    """
    if value is None:
        return None
    if spec.type is FieldType.INTEGER:
        return _large_enough(spec, _integer(spec, value))
    if spec.type is FieldType.DECIMAL and isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)  # as a file or a program may give it
    if not isinstance(value, str):
        raise UnfitError(RuleBreach(spec.name, "wrong-type", "This must be text.", "Enter text."))
    text = _clean_text(spec, value)
    if text is None:
        return None
    check = _CHECKS.get(spec.type)
    return text if check is None else check(spec, text)


def canonical_values(entity: EntityType, values: Values) -> tuple[dict[str, Any], tuple[RuleBreach, ...]]:
    """Canonical forms of all ``values``, and every breach found; an unknown field is a breach."""
    fine: dict[str, Any] = {}
    breaches: list[RuleBreach] = []
    for name, value in values.items():
        spec = entity.field(name)
        if spec is None:
            breaches.append(_unknown_field(entity, name))
            continue
        try:
            fine[name] = canonical_value(spec, value)
        except UnfitError as unfit:
            breaches.append(unfit.breach)
    return fine, tuple(breaches)


def breaches_of(entity: EntityType, values: Values) -> tuple[RuleBreach, ...]:
    """What is wrong with a whole record whose values are canonical already."""
    missing = tuple(
        RuleBreach(spec.name, "required", "This is needed.", "Fill this in.")
        for spec in entity.fields
        if spec.required and values.get(spec.name) is None
    )
    return missing + tuple(breach for rule in entity.rules for breach in rule(values))


def _unknown_field(entity: EntityType, name: str) -> RuleBreach:
    known = ", ".join(entity.names)
    return RuleBreach(name, "unknown-field", f"There is no field “{name}”.", f"Use one of: {known}.")


def _integer(spec: FieldSpec, value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_INTEGER:
        return value
    if isinstance(value, str) and _INTEGER.fullmatch(value.strip()) and abs(int(value)) <= MAX_INTEGER:
        return int(value)
    raise UnfitError(
        RuleBreach(spec.name, "not-a-number", "This must be a whole number.", "Enter digits only.")
    )


def _decimal(spec: FieldSpec, text: str) -> str:
    """The number without needless digits; its mark may be a point or a comma (D7)."""
    try:
        if not _DECIMAL.fullmatch(text):
            raise InvalidOperation
        number = Decimal(text.replace(",", "."))
    except InvalidOperation:
        raise UnfitError(
            RuleBreach(spec.name, "not-a-number", f"“{text}” is not a number.", "Write it like 14.5 or 14,5.")
        ) from None
    plain = f"{_large_enough(spec, number):f}"
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "0" if plain in ("-0", "") else plain


def _large_enough(spec: FieldSpec, number: Any) -> Any:
    if spec.at_least is None or number >= spec.at_least:
        return number
    raise UnfitError(
        RuleBreach(spec.name, "too-small", "This is too small.", f"Enter {spec.at_least} or more.")
    )


def _reference(spec: FieldSpec, text: str) -> str:
    if _ID.fullmatch(text):
        return text
    raise UnfitError(RuleBreach(spec.name, "not-an-id", "This names no record.", "Choose it from the list."))


def _clean_text(spec: FieldSpec, value: str) -> str | None:
    text = unicodedata.normalize("NFC", value).strip()
    if _INVISIBLE.search(text):
        raise UnfitError(
            RuleBreach(spec.name, "control-character", "This holds an invisible character.", "Type it again.")
        )
    if len(text) > spec.limit:
        raise UnfitError(
            RuleBreach(
                spec.name,
                "too-long",
                f"This is {len(text)} characters long.",
                f"Use at most {spec.limit} characters.",
            )
        )
    return text or None


def _date(spec: FieldSpec, text: str) -> str:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise UnfitError(
            RuleBreach(
                spec.name,
                "not-a-date",
                f"“{text}” is not a date of the calendar.",
                "Write it as year-month-day, for example 2014-02-28.",
            )
        ) from None
    return found.isoformat()


def _choice(spec: FieldSpec, text: str) -> str:
    if text in spec.choices:
        return text
    raise UnfitError(
        RuleBreach(
            spec.name, "not-a-choice", f"“{text}” is not known here.", f"Use {', '.join(spec.choices)}."
        )
    )


def _email(spec: FieldSpec, text: str) -> str:
    local, at, host = text.rpartition("@")
    if (
        at
        and local
        and "." in host
        and " " not in text
        and not host.startswith(".")
        and not host.endswith(".")
    ):
        return text
    raise UnfitError(
        RuleBreach(
            spec.name,
            "not-an-email",
            f"“{text}” is not an e-mail address.",
            "Write it like name@example.org.",
        )
    )


def _phone(spec: FieldSpec, text: str) -> str:
    if any(char.isdecimal() for char in text):
        return text  # kept as typed (D7)
    raise UnfitError(
        RuleBreach(spec.name, "not-a-phone", f"“{text}” holds no digits.", "Write the number with digits.")
    )


def _file(spec: FieldSpec, text: str) -> str:
    if file_value(text) is not None:
        return text
    raise UnfitError(
        RuleBreach(spec.name, "not-a-file", "This is no picture.", "Choose a picture from a file.")
    )


_CHECKS: dict[FieldType, Callable[[FieldSpec, str], str]] = {
    FieldType.DATE: _date,
    FieldType.CHOICE: _choice,
    FieldType.EMAIL: _email,
    FieldType.PHONE: _phone,
    FieldType.FILE: _file,
    FieldType.DECIMAL: _decimal,
    FieldType.REFERENCE: _reference,
}
