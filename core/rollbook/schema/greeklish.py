"""Greek names as people type them in Latin letters: many spellings brought to one (D5).

There is no one way: Χρήστος is typed Christos, Hristos or Xristos, Ευάγγελος Evangelos or Euaggelos. The
form below is nobody's spelling; it is what the spellings of one name have in common, and some names share it.
"""

import re

_ELOT_PAIRS = {
    "ου": "ou",
    "αυ": "av",
    "ευ": "ev",
    "ηυ": "iv",
    "μπ": "b",
    "γγ": "ng",
    "γξ": "nx",
    "γχ": "nch",
}
_ELOT_LETTERS = str.maketrans(
    dict(zip("αβγδεζηικλμνξοπρσςτυφω", "avgdeziiklmnxoprsstyfo", strict=True))
    | {"θ": "th", "χ": "ch", "ψ": "ps"}
)
# In this order: what is written with more letters first.
_SOUNDS = tuple(
    (re.compile(written), sound)
    for written, sound in (
        ("8", "th"),
        ("3", "x"),
        ("ks|x|kh|ch", "h"),
        ("ph", "f"),
        ("th", "t"),
        ("dh|nt", "d"),
        ("gh|gk|gg|ng|nk", "g"),
        ("mp|b", "v"),
        ("f", "v"),
        ("(?<=e)[uy]|(?<=a)u|(?<=a)y(?=[aeiouvgdzlmnr])", "v"),
        ("ou|oy", "u"),
        ("ai", "e"),
        ("ei|oi|y|u", "i"),
        ("w", "o"),
        ("c|q", "k"),
        ("^g(?=i[aeou])", ""),  # Yannis, Giannis
    )
)
_ETA = re.compile("(?<![tcpk])h")
"""An h that stands for η, which it looks like; elsewhere it is χ, or a part of θ, φ or χ."""
_DOUBLED = re.compile(r"(.)\1+")


def latin_of(folded: str) -> str:
    """Folded Greek as passports have it (ELOT 743), where that differs from one letter for one letter."""
    for pair, latin in _ELOT_PAIRS.items():
        folded = folded.replace(pair, latin)
    return folded.translate(_ELOT_LETTERS)


def one_spelling(latin: str) -> str:
    """What all spellings of a word in small Latin letters have in common."""
    for written, sound in _SOUNDS:
        latin = written.sub(sound, latin)
    return _DOUBLED.sub(r"\1", latin)


def asked_spellings(latin: str) -> list[str]:
    """What a word that is asked for may have in common with those that are kept: h is typed for η too."""
    return list(dict.fromkeys((one_spelling(latin), one_spelling(_ETA.sub("i", latin)))))
