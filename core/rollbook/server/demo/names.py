"""The names that the made-up school draws from, read from ``resources/demo/`` (origin and licence there)."""

import csv
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from rollbook.resource_files import resource
from rollbook.server.demo.origins import Origin


@dataclass(frozen=True, slots=True)
class Name:
    """One name, in its own script and in Latin letters; the two are equal where its script is Latin."""

    native: str
    latin: str


@dataclass(frozen=True, slots=True)
class Surname:
    """A family's name as its daughters and its sons bear it."""

    female: Name
    male: Name

    def of(self, sex: str) -> Name:
        """The form for a child of that sex."""
        return self.female if sex == "female" else self.male


@dataclass(frozen=True, slots=True)
class NameStock:
    """What one origin's families choose from."""

    girls: tuple[Name, ...]
    boys: tuple[Name, ...]
    surnames: tuple[Surname, ...]

    def forenames(self, sex: str) -> tuple[Name, ...]:
        """The forenames for a child of that sex."""
        return self.girls if sex == "female" else self.boys


@cache
def names_of(origin: Origin) -> NameStock:
    """The names of one origin. Where it has no list of surnames, children bear their father's name."""
    girls = _forenames(origin, "F")
    boys = _forenames(origin, "M")
    if origin.surnames == "greek":
        return NameStock(girls, boys, _greek_surnames())
    if origin.surnames == "father":
        return NameStock(girls, boys, tuple(Surname(name, name) for name in boys))
    listed = _in_script(origin, _rows("surnames.csv"))
    return NameStock(girls, boys, tuple(_gendered(origin, listed)))


@cache
def calling_names() -> dict[str, str]:
    """Given name to the name that its bearer is called by."""
    return {row["given_name"]: row["calling_name"] for row in _rows("calling-names.csv")}


@cache
def _rows(file: str) -> tuple[dict[str, str], ...]:
    with resource(f"demo/{file}").open(encoding="utf-8", newline="") as stream:
        return tuple(csv.DictReader(stream))


def _forenames(origin: Origin, gender: str) -> tuple[Name, ...]:
    rows = tuple(row for row in _rows("forenames.csv") if row["gender"] == gender)
    return _in_script(origin, rows)


def _in_script(origin: Origin, rows: tuple[dict[str, str], ...]) -> tuple[Name, ...]:
    """The origin's rows in the script asked for; some lists mix scripts, or are romanised throughout."""
    return tuple(
        Name(row["native_name"] if origin.script else row["romanised_name"], row["romanised_name"])
        for row in rows
        if row["country"] in origin.countries and _is_written_in(origin.script, row["native_name"])
    )


def _is_written_in(script: str, text: str) -> bool:
    return not script or all(unicodedata.name(char, "").startswith(script) for char in text if char.isalpha())


def _greek_surnames() -> tuple[Surname, ...]:
    return tuple(
        Surname(
            Name(row["feminine"], row["romanised_feminine"]),
            Name(row["masculine"], row["romanised_masculine"]),
        )
        for row in _rows("greek-surnames.csv")
    )


def _gendered(origin: Origin, names: tuple[Name, ...]) -> Iterator[Surname]:
    feminine = _FEMININE.get(origin.surnames)
    if feminine is None:
        yield from (Surname(name, name) for name in names)
        return
    # the lists hold some feminine forms beside the masculine ones; they are made here, so not read twice
    yield from (
        Surname(feminine(name), name) for name in names if not name.native.endswith(("ова", "ева", "ska"))
    )


def _slavic(name: Name) -> Name:
    if name.native.endswith(("ов", "ев", "ёв", "ин")):
        return Name(name.native + "а", name.latin + "a")
    return name


def _polish(name: Name) -> Name:
    if name.native.endswith(("ski", "cki")):
        return Name(name.native[:-1] + "a", name.latin[:-1] + "a")
    return name


_FEMININE: dict[str, Callable[[Name], Name]] = {"slavic": _slavic, "polish": _polish}
