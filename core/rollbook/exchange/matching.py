"""Whose row it is: the record that a row of the file is about (D4, D10, S16)."""

from dataclasses import dataclass
from typing import Any

from rollbook.domain.entity import EntityType, RuleBreach
from rollbook.exchange.existing import Existing, Known, name_key, number_field


@dataclass(frozen=True, slots=True)
class Match:
    """The record that a row is about, or the id of a new one (``None``: the caller makes it), or a breach."""

    known: Known | None = None
    new_id: str | None = None
    breach: RuleBreach | None = None
    note: str = ""
    keep_source: bool = False


def find_match(entity: EntityType, values: dict[str, Any], existing: Existing, school_id: str) -> Match:
    """Match by the file's own id, then by its number; by all values where the row has neither."""
    source, number = _source_of(values), values.get(number_field(entity))
    by_number = existing.by_number(number) if number else None
    by_source = existing.by_source(*source) if source else None
    if by_source is not None:
        return _with_number_free(entity, by_source, by_number)
    if by_number is not None:
        return _by_number(entity, values, by_number)
    if source:
        return Match(new_id=entity.natural_id(school_id, values))
    return Match() if number else _by_name(values, existing)


def keys_of(entity: EntityType, values: dict[str, Any], *, whole: bool) -> list[tuple[str, ...]]:
    """What no two rows of a file may share: the id, the number; all values where a row has neither.

    ``whole`` says that all values are here; those of a row with a problem are not compared.
    """
    keys: list[tuple[str, ...]] = []
    source = _source_of(values)
    if source:
        keys.append(("id", *source))
    number = number_field(entity)
    if values.get(number):
        keys.append((number.replace("_", " "), values[number]))
    if keys or not values or not whole:
        return keys
    return [("contents", *(f"{name}={value}" for name, value in sorted(values.items())))]


def _source_of(values: dict[str, Any]) -> tuple[str, str] | None:
    return (values["source_system"], values["sourced_id"]) if "sourced_id" in values else None


def _with_number_free(entity: EntityType, known: Known, holder: Known | None) -> Match:
    if holder is not None and holder.id != known.id:
        return Match(breach=_number_taken(entity))
    return unless_archived(Match(known))


def _by_number(entity: EntityType, values: dict[str, Any], known: Known) -> Match:
    """A person entered by hand, or imported from elsewhere, is recognised by the number."""
    own_system = known.values.get("source_system") == values.get("source_system")
    if known.values.get("sourced_id") and "sourced_id" in values and own_system:
        return Match(breach=_number_taken(entity))
    if _someone_else(values, known):
        return Match(breach=_number_taken(entity))
    foreign = bool(known.values.get("sourced_id"))
    note = f"Recognised by the {_number_of(entity)}." if "sourced_id" in values else ""
    return unless_archived(Match(known, note=note, keep_source=foreign))


def _someone_else(values: dict[str, Any], known: Known) -> bool:
    """Neither a name nor the birth date agrees: the number was given to another child."""
    shared = [
        name
        for name in ("family_name", "given_name", "native_name", "birth_date")
        if values.get(name) and known.values.get(name)
    ]
    return bool(shared) and all(
        _folded_name(name, values[name]) != _folded_name(name, known.values[name]) for name in shared
    )


def _folded_name(name: str, value: str) -> str:
    return value if name == "birth_date" else name_key({"family_name": value})


def _by_name(values: dict[str, Any], existing: Existing) -> Match:
    """Without id and number, only a record that has every value of the row is surely the same (D10)."""
    namesakes = existing.namesakes(values)
    for known in namesakes:
        if all(known.values.get(name) == value for name, value in values.items()):
            return unless_archived(Match(known))
    born = values.get("birth_date")
    if born and any(known.values.get("birth_date") == born for known in namesakes):
        return Match(
            breach=RuleBreach(
                "family_name",
                "perhaps-the-same",
                "A student of this name and birth date exists already, with other values.",
                "Add a column with the student number, or change the existing student by hand.",
            )
        )
    return Match(note="A student of this name exists already." if namesakes else "")


def unless_archived(match: Match) -> Match:
    """The match, but where its record is archived: that is for a person to decide."""
    if match.known is None or not match.known.archived:
        return match
    return Match(
        breach=RuleBreach(
            "", "archived", "This record is archived here.", "Restore it first, then import again."
        )
    )


def _number_of(entity: EntityType) -> str:
    return number_field(entity).replace("_", " ")


def _number_taken(entity: EntityType) -> RuleBreach:
    return RuleBreach(
        number_field(entity),
        f"{number_field(entity).replace('_', '-')}-taken",
        f"Another {entity.name} here has this {_number_of(entity)}.",
        "Correct the number in the file, or the other one's.",
    )
