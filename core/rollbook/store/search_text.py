"""Folding text so that a search finds it: any order, no accents, any script by its Latin form (D5)."""

import unicodedata
from functools import lru_cache

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
    found: dict[str, None] = {}
    for spec in entity.fields:
        value = values.get(spec.name) if spec.searched else None
        if value:
            found.update(dict.fromkeys(_words_of(str(value))))
    return "".join(f" {word}" for word in found)


def sort_name(values: Values) -> str:
    """What a list is sorted by: family name, then given name, folded."""
    family = values.get("family_name") or values.get("native_name") or values.get("name") or ""
    return f"{fold(family)} {fold(values.get('given_name') or '')}".strip()


@lru_cache(maxsize=20_000)
def _words_of(text: str) -> tuple[str, ...]:
    digits = "".join(char for char in text if char.isdecimal())
    extra = [digits] if len(digits) >= 5 and digits != text else []  # a phone, however it was typed
    return tuple(words(text) + extra)


def _greek_latin(folded: str) -> str:
    for pair, latin in _GREEK_PAIRS.items():
        folded = folded.replace(pair, latin)
    return folded.translate(_GREEK_LETTERS)
