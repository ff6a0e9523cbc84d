"""Folding text so that a search finds it: any order, no accents, any script by its Latin form (D5)."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from anyascii import anyascii

from rollbook.domain.entity import EntityType, Values
from rollbook.schema.greeklish import asked_spellings, latin_of, one_spelling

WORDS_VERSION = "3"
"""Changes whenever the words of a record do: what was kept of another version is made anew."""
_APOSTROPHE = re.compile(r"(?<=[^\W\d_])['’`´ʼ](?=[^\W\d_])")
_APOSTROPHE_OR_HYPHEN = re.compile(r"(?<=[^\W\d_])['’`´ʼ-](?=[^\W\d_])")
_SHORTEST_NUMBER = 5
_SHORTEST_PHONE = 7
_FEWEST_LAST = 4
"""So many of a telephone's last digits are told from the first ones of another number."""
_BACKWARDS = "ʀ"
"""Before the digits of a phone, last one first: a letter of no name, so that no name finds one."""
_LONGEST_PHONE = 10
"""Digits of a telephone's number without the country's."""


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
    """All forms to look for ``text`` under: as written, in Latin letters, as in Greek passports, as typed."""
    native = fold(text)
    forms = [native]
    if not native.isascii():
        passport = fold(latin_of(native))
        forms += [fold(anyascii(native)), passport]
        if passport != native:  # Greek it is
            forms.append(" ".join(one_spelling(word) for word in passport.split()))
    return [word for form in forms for word in form.split()]


Alternatives = list[tuple[str, ...]]
"""Any of these will do; of one, a record has words with all of these beginnings."""


def asked_words(asked: str) -> list[Alternatives]:
    """What a search asks for: each of the list must be found in a record."""
    digits = "".join(char for char in asked if char.isdecimal())
    if digits and not any(char.isalpha() for char in asked):
        return [_asked_number(asked, digits)]
    return [found for token in asked.split() if (found := _asked_token(token))]


def _asked_token(token: str) -> Alternatives:
    return _asked_number(token, token) if token.isdecimal() else _asked_name(token)


def _asked_number(asked: str, digits: str) -> Alternatives:
    """A number, however it is grouped, or its end; of a long one the country's may differ or lack."""
    found = [tuple(fold(asked).split()), (digits,)]
    if len(digits) > _LONGEST_PHONE:
        found.append((digits[-_LONGEST_PHONE:],))
    if len(digits) >= _FEWEST_LAST:
        found.append((_BACKWARDS + digits[::-1],))
    return list(dict.fromkeys(found))


def _asked_name(token: str) -> Alternatives:
    native = tuple(fold(token).split())
    found = [native] if native else []
    joined = fold(_APOSTROPHE_OR_HYPHEN.sub("", token))
    if len(native) > 1 and joined:
        found.append((joined,))
    for word in (native[0], joined) if len(native) == 1 else (joined,):
        if word.isascii():
            found += [(each,) for each in asked_spellings(word)] if len(word) > 1 else []
        else:
            found += [(form,) for form in words(word)]
    return list(dict.fromkeys(each for each in found if all(each)))


def search_text(entity: EntityType, values: Values) -> str:
    """The words of all searched fields, each once, a space before each: `` x`` finds a beginning."""
    return searched_words(values.get(name) for name in entity.searched)


def searched_words(values: Iterable[Any]) -> str:
    """The same for the values of the searched fields."""
    found: dict[str, None] = {}
    for value in values:
        if value:
            text = str(value)
            if text.isascii() and (text.isalpha() or _is_short_number(text)):
                found[text.lower()] = None  # one plain word, as most are
                continue
            for word in _words_of(text):
                found[word] = None
    return " " + " ".join(found) if found else ""


def _is_short_number(text: str) -> bool:
    return text.isdigit() and text[0] != "0" and len(text) < _SHORTEST_PHONE


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
_SYLLABLE = re.compile("[A-Z][a-z]+")
_DIGITS = re.compile(r"\d+")


def _ascii_words(text: str) -> list[str]:
    found = _ASCII_WORD.findall(text.lower())
    if found == [text] and (not text.isdigit() or _is_short_number(text)):
        return found
    return found + _numbers(text) + _joined(text)


def _numbers(text: str) -> list[str]:
    """A phone, however it was typed, from each of its groups on and from its end; a number without its
    leading zeros."""
    groups = _DIGITS.findall(text)
    digits = "".join(groups)
    backwards = [_BACKWARDS + digits[::-1]] if len(digits) >= _SHORTEST_PHONE else []
    if len(digits) < _SHORTEST_NUMBER:
        return [digits.lstrip("0")] if digits.startswith("0") and digits.strip("0") and digits == text else []
    if len(groups) == 1:
        short = [digits.lstrip("0")] if digits.startswith("0") and digits.strip("0") else []
        return short + backwards
    return ["".join(groups[place:]) for place in range(len(groups) - 1)] + backwards


def _joined(text: str) -> list[str]:
    """O'Brien is typed obrien, Anna-Maria annamaria."""
    return [word for form in _joined_forms(text) for word in fold(form).split()]


def _joined_forms(text: str) -> list[str]:
    forms = [inside.sub("", text) for inside in (_APOSTROPHE, _APOSTROPHE_OR_HYPHEN)]
    return [form for form in dict.fromkeys(forms) if form != text]


@lru_cache(maxsize=20_000)
def _foreign_words(text: str) -> tuple[str, ...]:
    joined = [word for form in _joined_forms(text) for word in words(form)]
    return tuple(words(text) + _numbers(text) + joined + _later_syllables(text))


def _later_syllables(text: str) -> list[str]:
    """王小明 is WangXiaoMing, and typed xiaoming wang: a name in one word is found from each syllable on."""
    found = []
    for word in fold(text).split():
        whole = unicodedata.normalize("NFC", word)  # folding takes Korean syllables apart
        syllables = [] if word.isascii() else _SYLLABLE.findall(anyascii(whole))
        found += ["".join(syllables[place:]).lower() for place in range(1, len(syllables))]
    return found


def plain_spellings(text: str) -> list[str]:
    """Each word in the one form that its spellings in any script share."""
    folded = fold(_APOSTROPHE_OR_HYPHEN.sub("", text))
    latin = folded if folded.isascii() else fold(anyascii(latin_of(folded)))
    return [one_spelling(word) for word in latin.split()]
