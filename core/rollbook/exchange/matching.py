"""Whose row it is: the record that a row of the file is about (D4, D10, S16)."""

from dataclasses import dataclass
from typing import Any

from rollbook.domain.entity import RuleBreach
from rollbook.domain.student import STUDENT
from rollbook.exchange.existing import Existing, Known, name_key


@dataclass(frozen=True, slots=True)
class Match:
    """The record that a row is about, or the id of a new one (``None``: the caller makes it), or a breach."""

    known: Known | None = None
    new_id: str | None = None
    breach: RuleBreach | None = None
    note: str = ""
    keep_source: bool = False


def find_match(values: dict[str, Any], existing: Existing, school_id: str) -> Match:
    """Match by the file's own id, then by student number; by all values where the row has neither."""
    source, number = _source_of(values), values.get("student_number")
    by_number = existing.by_student_number(number) if number else None
    by_source = existing.by_source(*source) if source else None
    if by_source is not None:
        return _with_number_free(by_source, by_number)
    if by_number is not None:
        return _by_number(values, by_number)
    if source:
        return Match(new_id=STUDENT.natural_id(school_id, values))
    return Match() if number else _by_name(values, existing)


def keys_of(values: dict[str, Any], *, whole: bool) -> list[tuple[str, ...]]:
    """What no two rows of a file may share: the id, the number; all values where a row has neither.

    ``whole`` says that all values are here; those of a row with a problem are not compared.
    """
    keys: list[tuple[str, ...]] = []
    source = _source_of(values)
    if source:
        keys.append(("id", *source))
    if values.get("student_number"):
        keys.append(("student number", values["student_number"]))
    if keys or not values or not whole:
        return keys
    return [("contents", *(f"{name}={value}" for name, value in sorted(values.items())))]


def _source_of(values: dict[str, Any]) -> tuple[str, str] | None:
    return (values["source_system"], values["sourced_id"]) if "sourced_id" in values else None


def _with_number_free(known: Known, holder: Known | None) -> Match:
    if holder is not None and holder.id != known.id:
        return Match(breach=_number_taken())
    return _unless_archived(Match(known))


def _by_number(values: dict[str, Any], known: Known) -> Match:
    """A student entered by hand, or imported from elsewhere, is recognised by the number."""
    own_system = known.values.get("source_system") == values.get("source_system")
    if known.values.get("sourced_id") and "sourced_id" in values and own_system:
        return Match(breach=_number_taken())
    if _someone_else(values, known):
        return Match(breach=_number_taken())
    foreign = bool(known.values.get("sourced_id"))
    note = "Recognised by the student number." if "sourced_id" in values else ""
    return _unless_archived(Match(known, note=note, keep_source=foreign))


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
            return _unless_archived(Match(known))
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


def _unless_archived(match: Match) -> Match:
    if match.known is None or not match.known.archived:
        return match
    return Match(
        breach=RuleBreach(
            "", "archived", "This student is archived here.", "Restore the student first, then import again."
        )
    )


def _number_taken() -> RuleBreach:
    return RuleBreach(
        "student_number",
        "student-number-taken",
        "Another student here has this student number.",
        "Correct the number in the file, or the other student's.",
    )
