"""What speaks for two students being one person: the same on the desk and at the server (D4)."""

from collections.abc import Iterable

from rollbook.domain.entity import Values
from rollbook.schema.similar_names import called_alike, names_of, phone_digits

NAME_AND_BIRTH, NAME, PHONE, NUMBER = "name-and-birth-date", "name", "phone", "student-number"
_WEIGHT = {NAME_AND_BIRTH: 4, NUMBER: 3, PHONE: 1, NAME: 1}
SURE_ENOUGH = 2
"""A phone alone is a brother's, a name alone a namesake's: both together are worth a look."""


def reasons_for(one: Values, other: Values) -> tuple[str, ...]:
    """What speaks for the two being one person. The same whichever is asked about."""
    found = []
    if called_alike(names_of(one), names_of(other)):
        born = one.get("birth_date")
        same_birth = bool(born) and born == other.get("birth_date")
        contradicts = bool(born) and bool(other.get("birth_date")) and not same_birth
        if not contradicts:
            found.append(NAME_AND_BIRTH if same_birth else NAME)
    if (digits := phone_digits(one.get("phone"))) and digits == phone_digits(other.get("phone")):
        found.append(PHONE)
    if one.get("student_number") and one["student_number"] == other.get("student_number"):
        found.append(NUMBER)
    return tuple(found)


def weight_of(reasons: Iterable[str]) -> int:
    """How much the reasons speak for it; :data:`SURE_ENOUGH` is more than a namesake or a sibling."""
    return sum(_WEIGHT[reason] for reason in reasons)
