"""Where the made-up school's families come from, how many of them, and how they write their names."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)  # one object each, so that it is a quick key
class Origin:
    """One group of families.

    ``countries`` are the codes in the lists of names, the first is the nationality (ISO 3166); ``language``
    is ISO 639; ``weight`` is the share in thousandths. ``script`` is the Unicode name of the script of the
    native names, empty where Latin letters serve. ``surnames`` says how a family name is formed.
    ``own_script`` says that given and family name are kept in the native script themselves. ``order`` puts
    the native name together.
    """

    countries: tuple[str, ...]
    language: str
    weight: int
    script: str = ""
    surnames: str = "listed"
    own_script: bool = False
    order: str = "{given} {family}"
    middle_names: bool = False
    double_names: bool = False
    one_word: bool = False


_FAMILY_FIRST = "{family}{given}"

ORIGINS: tuple[Origin, ...] = (
    Origin(("GR", "CY"), "el", 450, "GREEK", "greek", own_script=True, double_names=True),
    Origin(("AL",), "sq", 90),
    Origin(("RO",), "ro", 40),
    Origin(("BG",), "bg", 40, "CYRILLIC", "slavic"),
    Origin(("GE",), "ka", 35, "GEORGIAN"),
    Origin(("AE",), "ar", 35, "ARABIC", "father"),
    Origin(("CN",), "zh", 35, "CJK", order=_FAMILY_FIRST),
    Origin(("GB",), "en", 30, middle_names=True, double_names=True),
    Origin(("RU",), "ru", 25, "CYRILLIC", "slavic"),
    Origin(("IE",), "en", 20, middle_names=True),
    Origin(("US",), "en", 20, middle_names=True),
    Origin(("DE",), "de", 20, middle_names=True),
    Origin(("UA",), "uk", 20),
    Origin(("PL",), "pl", 20, surnames="polish"),
    Origin(("IT",), "it", 20),
    Origin(("AM",), "hy", 15),
    Origin(("RS",), "sr", 15, "CYRILLIC"),
    Origin(("KR",), "ko", 15, "HANGUL", order=_FAMILY_FIRST),
    Origin(("JP",), "ja", 10, "CJK", order="{family} {given}"),
    Origin(("IN",), "hi", 10, one_word=True),
    Origin(("ES",), "es", 10, double_names=True),
    Origin(("FR",), "fr", 10, double_names=True),
    Origin(("TR",), "tr", 10),
    Origin(("KZ",), "kk", 5, "CYRILLIC", "slavic"),
)
