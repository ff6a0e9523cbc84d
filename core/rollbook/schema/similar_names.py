"""Whether two people are called alike, whatever the order, script and spelling of their names (D4)."""

from rollbook.domain.entity import Values
from rollbook.schema.search_text import plain_spellings

Names = tuple[frozenset[str], ...]
"""What somebody is called, by the register and in the playground: the words of each, in one spelling."""
_NAMES = ("family_name", "given_name")


def names_of(values: Values) -> Names:
    """The words of family and given name, and of the preferred ones where they are others."""
    registered = [values.get(name) for name in _NAMES]
    preferred = [
        values.get(f"preferred_{name}") or known for name, known in zip(_NAMES, registered, strict=True)
    ]
    found = [_words(*registered) or _words(values.get("native_name")), _words(*preferred)]
    return tuple(dict.fromkeys(words for words in found if words))


def called_alike(one: Names, other: Names) -> bool:
    """Whether one has all the words of the other: a second given name may be missing."""
    return any(_alike(*sorted((mine, theirs), key=len)) for mine in one for theirs in other)


def _alike(shorter: frozenset[str], longer: frozenset[str]) -> bool:
    return shorter <= longer and (len(shorter) > 1 or shorter == longer)


def _words(*parts: str | None) -> frozenset[str]:
    return frozenset(plain_spellings(" ".join(part for part in parts if part)))


def phone_digits(value: str | None) -> str:
    """The digits by which two spellings of a telephone's number are the same; empty for too few."""
    digits = "".join(char for char in value or "" if char.isdecimal())
    return digits[-9:] if len(digits) >= 7 else ""
