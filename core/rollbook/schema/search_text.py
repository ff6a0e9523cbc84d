"""Folding text so that a search finds it: any order, no accents, any script by its Latin form (D5)."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from anyascii import anyascii

from rollbook.domain.entity import EntityType, Values

# ELOT 743, as in passports, where it differs from one letter for one letter.
_GREEK_PAIRS = {
    "ου": "ou",
    "αυ": "av",
    "ευ": "ev",
    "ηυ": "iv",
    "μπ": "b",
    "γγ": "ng",
    "γξ": "nx",
    "γχ": "nch",
}
_GREEK_LETTERS = str.maketrans(
    dict(zip("αβγδεζηικλμνξοπρσςτυφω", "avgdeziiklmnxoprsstyfo", strict=True))
    | {"θ": "th", "χ": "ch", "ψ": "ps"}
)


class _Folding(dict[int, str]):
    """What becomes of each character, found out once: folding runs over every record of a first pull."""

    def __missing__(self, code: int) -> str:
        parts = unicodedata.normalize("NFKD", chr(code).casefold())
        plain = "".join(char for char in parts if unicodedata.category(char) != "Mn")
        self[code] = "".join(char if char.isalnum() else " " for char in plain)
        return self[code]


_FOLDING = _Folding()


def fold(text: str) -> str:
    """Words of letters and digits, without case and accents, single spaces between."""
    return " ".join(text.translate(_FOLDING).split())


def words(text: str) -> list[str]:
    """All forms to look for ``text`` under: as written, in Latin letters, as in Greek passports."""
    native = fold(text)
    forms = [native]
    if not native.isascii():
        forms += [fold(anyascii(native)), fold(_greek_latin(native))]
    return [word for form in forms for word in form.split()]


def search_text(entity: EntityType, values: Values) -> str:
    """The words of all searched fields, each once, a space before each: `` x`` finds a beginning."""
    return searched_words(values.get(name) for name in entity.searched)


def searched_words(values: Iterable[Any]) -> str:
    """The same for the values of the searched fields."""
    found: dict[str, None] = {}
    for value in values:
        if value:
            text = str(value)
            if text.isascii() and (text.isalpha() or text.isdigit()):
                found[text.lower()] = None  # one plain word, as most are
                continue
            for word in _words_of(text):
                found[word] = None
    return " " + " ".join(found) if found else ""


def sort_name(values: Values) -> str:
    """What a list is sorted by: family name, then given name, or what else it is called; folded."""
    return sorted_by(*(values.get(name) for name in SORT_FIELDS))


SORT_FIELDS = ("family_name", "native_name", "name", "title", "given_name")


def sorted_by(family: Any, native: Any, name: Any, title: Any, given: Any) -> str:
    """The same for the values of :data:`SORT_FIELDS`."""
    return f"{_folded_name(family or native or name or title or '')} {_folded_name(given or '')}".strip()


@lru_cache(maxsize=20_000)
def _folded_name(text: str) -> str:
    return fold(text)


def _words_of(text: str) -> Iterable[str]:
    # Most are ASCII, and numbers are each their own: quicker found anew than remembered.
    return _ascii_words(text) if text.isascii() else _foreign_words(text)


_ASCII_WORD = re.compile(r"[0-9a-z]+")
_NO_DIGITS = re.compile(r"[^0-9]+")


def _ascii_words(text: str) -> list[str]:
    found = _ASCII_WORD.findall(text.lower())
    if found == [text]:
        return found
    digits = _NO_DIGITS.sub("", text)
    if len(digits) >= 5 and digits != text:  # a phone, however it was typed
        found.append(digits)
    return found


@lru_cache(maxsize=20_000)
def _foreign_words(text: str) -> tuple[str, ...]:
    digits = "".join(char for char in text if char.isdecimal())
    extra = [digits] if len(digits) >= 5 and digits != text else []  # a phone, however it was typed
    return tuple(words(text) + extra)


def _greek_latin(folded: str) -> str:
    for pair, latin in _GREEK_PAIRS.items():
        folded = folded.replace(pair, latin)
    return folded.translate(_GREEK_LETTERS)
