"""Whether two people are called alike, whatever the order, script and spelling of their names (D4)."""

from rollbook.domain.entity import Values
from rollbook.schema.search_text import plain_spellings

NameWords = frozenset[str]
_NAMES = ("family_name", "given_name")


def name_words(values: Values) -> NameWords:
    """The words of family and given name, each in the one spelling that all of its spellings share."""
    written = " ".join(str(values[name]) for name in _NAMES if values.get(name))
    return frozenset(plain_spellings(written or str(values.get("native_name") or "")))


def called_alike(one: NameWords, other: NameWords) -> bool:
    """Whether one has all the words of the other: a second given name may be missing."""
    shorter, longer = sorted((one, other), key=len)
    return bool(shorter) and shorter <= longer and (len(shorter) > 1 or shorter == longer)


def phone_digits(value: str | None) -> str:
    """The digits by which two spellings of a telephone's number are the same; empty for too few."""
    digits = "".join(char for char in value or "" if char.isdecimal())
    return digits[-9:] if len(digits) >= 7 else ""
