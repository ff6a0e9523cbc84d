"""From a key that is pressed to a code of the register, whatever layout the keyboard has (W13)."""

from collections.abc import Collection

_GREEK_KEYS = str.maketrans("ΑΒΨΔΕΦΓΗΙΞΚΛΜΝΟΠΡΣΤΘΩΧΥΖ", "ABCDEFGHIJKLMNOPRSTUVXYZ")
"""The letter that stands on the same key of a Latin keyboard."""


def code_of_key(text: str, codes: Collection[str]) -> str | None:
    """The code that a key means: the one of that letter, or the only one that begins with it.

    ``None`` where there is none, or more than one.
    """
    for letter in dict.fromkeys((text.upper(), text.upper().translate(_GREEK_KEYS))):
        if letter in codes:
            return letter
        beginning = [code for code in codes if letter and code.upper().startswith(letter)]
        if len(beginning) == 1:
            return beginning[0]
    return None
