"""Made-up students, family by family: the same for the same seed, and none of them is anyone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from random import Random
from typing import Any

from anyascii import anyascii

from rollbook.domain.ids import natural_id
from rollbook.server.demo.names import Name, Surname, calling_names, names_of
from rollbook.server.demo.origins import ORIGINS, Origin

SCHOOL_NAME = "Made-up School"
SCHOOL_YEAR = 2025  # its autumn, unless another is asked for

_SHARES = tuple(accumulate(origin.weight for origin in ORIGINS))
_HOMEROOMS = "ABCDE"
WING = 1_500
"""Students of all grades whose classes have 25 each."""
_STREETS = ("Οδός Αγίου Γεωργίου", "Λεωφόρος Δημοκρατίας", "Ermou", "Patission", "Οδός Αθηνάς", "Akadimias")
_TOWNS = ("10431 Αθήνα", "54622 Θεσσαλονίκη", "26221 Patra", "71201 Irakleio")
# Greek numbers that begin with 5 serve the networks among themselves and cannot be dialled: no one is rung
_PHONE_STYLES = ("59{a} {b} {c}", "59{a}{b}{c}", "+30 59{a} {b}{c}", "(59{a}) {b}-{c}", "0030 59{a}.{b}.{c}")


@dataclass(frozen=True, slots=True)
class Family:
    """What brothers and sisters share."""

    origin: Origin
    surname: Surname
    phone: str | None
    address: str | None
    home_language: str | None


@dataclass(frozen=True, slots=True)
class Child:
    """A student of the school: their number in it from 1 on, an id, and values in canonical form."""

    number: int
    id: str
    values: dict[str, Any]


def made_up_students(
    count: int, seed: int = 1, autumn: int = SCHOOL_YEAR
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give ``count`` students one at a time: (id, values by field name in canonical form, known ones only).

    Every id is a UUID. A longer school of the same seed begins with the same students. ``autumn`` is that of
    the school year that they are in.
    """
    for _, children in made_up_families(count, seed, autumn):
        for child in children:
            yield child.id, child.values


def made_up_families(
    count: int, seed: int = 1, autumn: int = SCHOOL_YEAR
) -> Iterator[tuple[Family, list[Child]]]:
    """The same students, with the families that they are of."""
    chance = Random(seed)  # noqa: S311 - names for a demonstration, nothing secret hangs on it
    number = 0
    while number < count:
        family = _family(chance)
        taken: set[Name] = set()
        children = []
        for _ in range(chance.choices((1, 2, 3), (60, 32, 8))[0]):
            number += 1
            values = _child(chance, family, taken, number, autumn)
            if number <= count:
                record_id = natural_id("student", "made-up", str(seed), str(number))
                children.append(Child(number, record_id, values))
        yield family, children


def _family(chance: Random) -> Family:
    origin = chance.choices(ORIGINS, cum_weights=_SHARES)[0]
    return Family(
        origin,
        _surname(chance, origin),
        _phone(chance) if chance.random() < 0.85 else None,
        _address(chance) if chance.random() < 0.5 else None,
        origin.language if chance.random() < 0.7 else None,
    )


def _surname(chance: Random, origin: Origin) -> Surname:
    surnames = names_of(origin).surnames
    surname = chance.choice(surnames)
    if origin.double_names and chance.random() < 0.05:
        return _joined(surname, chance.choice(surnames))
    return surname


def _joined(first: Surname, second: Surname) -> Surname:
    return Surname(_hyphened(first.female, second.female), _hyphened(first.male, second.male))


def _hyphened(first: Name, second: Name) -> Name:
    return Name(f"{first.native}-{second.native}", f"{first.latin}-{second.latin}")


def _child(chance: Random, family: Family, taken: set[Name], number: int, autumn: int) -> dict[str, Any]:
    sex = chance.choice(("female", "male"))
    given = _given(chance, family, taken, sex)
    surname = family.surname.of(sex)
    grade = chance.randint(1, 12)
    values = {
        **_names(chance, family.origin, given, surname, sex),
        "birth_date": _birth_date(chance, grade, autumn),
        "sex": sex if chance.random() < 0.97 else "unspecified",
        "nationality": family.origin.countries[0] if chance.random() < 0.85 else None,
        "home_language": family.home_language,
        "student_number": f"{number:06d}",
        "grade_level": str(grade),
        "homeroom": f"{grade}{chance.choice(_HOMEROOMS)}{_wing(number)}",
        "phone": family.phone,
        "email": _email(given, surname, number) if chance.random() < 0.2 else None,
        "address": family.address,
    }
    return {field: value for field, value in values.items() if value is not None}


def _wing(number: int) -> str:
    """So many students as one class of each letter holds are a wing; the first has no name."""
    wing = (number - 1) // WING
    return str(wing + 1) if wing else ""


def _given(chance: Random, family: Family, taken: set[Name], sex: str) -> Name:
    """A forename that no brother or sister has."""
    forenames = names_of(family.origin).forenames(sex)
    name = chance.choice(forenames)
    while name in taken:
        name = chance.choice(forenames)
    taken.add(name)
    return name


def _names(chance: Random, origin: Origin, given: Name, surname: Name, sex: str) -> dict[str, str | None]:
    if origin.one_word and chance.random() < 0.3:
        return {"given_name": given.latin}
    values: dict[str, str | None] = {
        "given_name": given.native if origin.own_script else given.latin,
        "family_name": surname.native if origin.own_script else surname.latin,
        "middle_name": _middle_name(chance, origin, given, sex),
    }
    if origin.script and not origin.own_script:
        values["native_name"] = origin.order.format(given=given.native, family=surname.native)
    if chance.random() < 0.4:
        values["preferred_given_name"] = calling_names().get(values["given_name"] or "")
    return values


def _middle_name(chance: Random, origin: Origin, given: Name, sex: str) -> str | None:
    if not origin.middle_names or chance.random() > 0.4:
        return None
    middle = chance.choice(names_of(origin).forenames(sex)).latin
    return middle if middle != given.latin else None


def _birth_date(chance: Random, grade: int, autumn: int) -> str:
    """A day of the year that turns six in the autumn of grade 1; one in twenty is a year older."""
    year = autumn - 5 - grade - (chance.random() < 0.05)
    return (date(year, 1, 1) + timedelta(days=chance.randrange(365))).isoformat()


def _phone(chance: Random) -> str:
    style = chance.choice(_PHONE_STYLES)
    return style.format(
        a=f"{chance.randrange(100):02d}", b=f"{chance.randrange(1000):03d}", c=f"{chance.randrange(1000):03d}"
    )


def _address(chance: Random) -> str:
    return f"{chance.choice(_STREETS)} {chance.randint(1, 180)}\n{chance.choice(_TOWNS)}"


def _email(given: Name, surname: Name, number: int) -> str:
    """An address in the domain that is reserved for examples (RFC 2606), so that no mail reaches anyone."""
    name = "".join(char for char in anyascii(f"{given.latin}.{surname.latin}").lower() if char in _PLAIN)
    return f"{name}{number}@example.org"


_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz.")
