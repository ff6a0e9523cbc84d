"""Grades in their order (D14): which comes next, which is the last. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

_NUMBERED = re.compile(r"(\D*?)(\d{1,2})(\D*)")
_LEADING_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")
_GREEK = ("Α", "Β", "Γ", "Δ", "Ε", "ΣΤ", "Ζ", "Η", "Θ", "Ι", "ΙΑ", "ΙΒ")
_LATIN = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_LETTERS = re.compile(r"(\w+)(\W*)")
# Kindergarten comes before the numbers, in this order, as English-speaking schools and OneRoster write it.
_BEFORE_NUMBERS = (("pr",), ("pk", "pre-k", "prek"), ("tk",), ("k", "kg", "kindergarten"))


class UnclearOrderError(Exception):
    """The grades that are used do not tell their order; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class GradeOrder:
    """The grades of a school from the lowest to the highest, each by its label."""

    labels: tuple[str, ...]
    _places: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Find out each one's place. Raises :class:`UnclearOrderError` where a grade stands twice."""
        places = {key_of(label): place for place, label in enumerate(self.labels)}
        if len(places) < len(self.labels):
            raise UnclearOrderError("A grade stands twice in the order of the grades.")
        object.__setattr__(self, "_places", places)

    def place(self, label: str | None) -> int | None:
        """Where the grade stands, the lowest being 0; ``None`` where it is not one of them."""
        return None if label is None else self._places.get(key_of(label))

    def after(self, label: str, steps: int = 1) -> str | None:
        """The grade so many steps above; ``None`` past the last. Raises ``KeyError`` for an unknown one."""
        place = self._places[key_of(label)] + steps
        return self.labels[place] if place < len(self.labels) else None


def key_of(label: str) -> str:
    """What two ways to write one grade have in common: ``04`` and ``4``, ``Grade 3`` and ``grade  3``."""
    return _LEADING_ZEROS.sub("", " ".join(label.split()).casefold())


def order_of(used: Iterable[str]) -> GradeOrder:
    """The order that the labels in use tell by themselves: numbers, or the letters of one alphabet.

    Between the lowest and the highest none is missing, though nobody be in it. Labels that fit into no order
    are not in it. Raises :class:`UnclearOrderError`.
    """
    labels = list({key_of(label): label.strip() for label in sorted(used)}.values())
    found = _by_number(labels) or _by_letter(labels, _GREEK) or _by_letter(labels, _LATIN)
    if not found:
        listed = ", ".join(labels) or "none"
        raise UnclearOrderError(f"The grades that are used ({listed}) do not tell in which order they come.")
    return GradeOrder(tuple(found))


def moved_up(name: str | None, old: str | None, new: str | None) -> str | None:
    """The class of that name a grade further: ``3A`` of grade 3 becomes ``4A``.

    ``None`` where the name does not begin with its grade, so that nothing tells its next one.
    """
    if not name or not old or not new or not name.casefold().startswith(old.casefold()):
        return None
    rest = name[len(old) :]
    if rest and (rest[0].isdigit() if old[-1].isdigit() else rest[0].islower()):
        return None  # 10A is not of grade 1, nor Blue of grade B
    return new + rest


def _by_number(labels: Sequence[str]) -> list[str]:
    """Empty where none has a number. Raises :class:`UnclearOrderError` for several ways to name them."""
    numbered: dict[int, str] = {}
    ways = set()
    for label in labels:
        found = _NUMBERED.fullmatch(label)
        if found is not None:
            ways.add((key_of(found[1]), key_of(found[3])))
            numbered.setdefault(int(found[2]), label)
    if len(ways) > 1:
        raise UnclearOrderError(
            f"The grades are named in several ways ({', '.join(numbered.values())}), so that it is not plain "
            "which follows which."
        )
    before = [label for words in _BEFORE_NUMBERS for label in labels if key_of(label) in words]
    if len(numbered) + len(before) < 2 or not numbered:
        return []
    return before + list(_all_numbers(numbered))


def _all_numbers(numbered: dict[int, str]) -> Iterator[str]:
    pattern = _NUMBERED.fullmatch(numbered[min(numbered)])
    assert pattern is not None
    for number in range(min(numbered), max(numbered) + 1):
        yield numbered.get(number) or f"{pattern[1]}{number:0{len(pattern[2])}}{pattern[3]}"


def _by_letter(labels: Sequence[str], alphabet: Sequence[str]) -> list[str]:
    """Empty unless all are letters of the alphabet, each alone or with the same mark behind it (``Α΄``)."""
    lettered: dict[int, str] = {}
    marks = set()
    for label in labels:
        found = _LETTERS.fullmatch(label)
        if found is None or found[1].upper() not in alphabet:
            return []
        marks.add(found[2])
        lettered[alphabet.index(found[1].upper())] = label
    if len(marks) != 1 or len(lettered) < 2:
        return []
    mark = marks.pop()
    return [lettered.get(n) or alphabet[n] + mark for n in range(min(lettered), max(lettered) + 1)]
