"""From a cell of text to a field's canonical value, with what was unusual on the way (D7)."""

import re
import unicodedata
from dataclasses import dataclass

from rollbook.domain.canonical import UnfitError, canonical_value
from rollbook.domain.entity import FieldSpec, FieldType, RuleBreach
from rollbook.exchange.dates import NotADateError, Order, read_date
from rollbook.exchange.table import UNREADABLE

# Case counts: “Null” and “Na” are names that people bear.
_UNKNOWN = frozenset({"NULL", "null", "N/A", "n/a", "#N/A", "NaN", "\\N", "-", "--", "—", "–"})
_BROKEN = frozenset({"#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"})
_MADE_PLAIN = re.compile(r"'[=+\-@\t\r]")
_FORMULA_TEXT = re.compile(r'="(.*)"', re.DOTALL)
_SHORTENED = re.compile(r"\d(?:[.,]\d+)?[Ee]\+\d+")
_DIGIT_FIELDS = frozenset({"student_number", "national_id", "sourced_id", "phone"})
_INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u2060\u00ad"))

_SEXES: dict[str, tuple[str, ...]] = {
    "female": ("f", "female", "girl", "woman", "w", "θ", "θηλυ", "θηλυκο", "κοριτσι", "γυναικα"),
    "male": ("m", "male", "boy", "man", "α", "αρρεν", "αρσενικο", "αγορι", "ανδρασ"),
    "other": ("x", "o", "other", "nonbinary", "αλλο"),
    "unspecified": ("u", "unspecified", "unknown", "notspecified", "prefernottosay", "αγνωστο"),
}
_SEX_OF = {word: sex for sex, words in _SEXES.items() for word in words}


class CellError(Exception):
    """A cell that gives no value; ``breach`` says what is wrong and what would be right."""

    def __init__(self, breach: RuleBreach) -> None:
        super().__init__(breach.message)
        self.breach = breach


@dataclass(frozen=True, slots=True)
class CellValue:
    """The canonical value, ``None`` where the cell says nothing; ``note`` tells what was taken as unknown."""

    value: str | int | None
    note: str = ""


_NOTHING = CellValue(None)


def read_cell(spec: FieldSpec, cell: str, order: Order) -> CellValue:
    """Read one cell for its field. Raises :class:`CellError`."""
    text = _plain(spec, cell) if cell else ""
    if not text:
        return _NOTHING
    if text in _BROKEN:
        raise CellError(
            RuleBreach(
                spec.name,
                "broken-formula",
                f"“{text}” is what a spreadsheet shows for a formula that does not work.",
                "Mend the formula in the spreadsheet, or enter the value itself.",
            )
        )
    if text in _UNKNOWN:
        return CellValue(None, f"“{text}” was taken as unknown.")
    try:
        return CellValue(canonical_value(spec, _in_field_words(spec, text, order)))
    except NotADateError as error:
        raise CellError(RuleBreach(spec.name, "not-a-date", error.message, error.suggestion)) from None
    except UnfitError as unfit:
        raise CellError(unfit.breach) from None


def _in_field_words(spec: FieldSpec, text: str, order: Order) -> str:
    if spec.type is FieldType.DATE:
        return read_date(text, order)
    if spec.name == "sex":
        return _sex(text)
    if spec.name in _DIGIT_FIELDS and _SHORTENED.fullmatch(text):
        raise CellError(
            RuleBreach(
                spec.name,
                "shortened-number",
                f"“{text}” is a number that a spreadsheet has shortened.",
                "Format the column as text in the spreadsheet, enter the number again and save it as CSV.",
            )
        )
    return text


def _plain(spec: FieldSpec, cell: str) -> str:
    """The cell without what no one sees: marks, odd blanks, and the guard that keeps leading zeros."""
    if UNREADABLE in cell:
        raise CellError(
            RuleBreach(
                spec.name,
                "unreadable-character",
                "A character here is damaged in the file.",
                "Correct it in the file, or save the file as “CSV UTF-8”.",
            )
        )
    text = cell if cell.isascii() else cell.translate(_INVISIBLE)
    guarded = _FORMULA_TEXT.fullmatch(text.strip())
    text = guarded[1] if guarded else text
    text = text[1:] if _MADE_PLAIN.match(text) else text  # as our own reports guard what looks like a formula
    if spec.type is FieldType.LONG_TEXT:
        return "\n".join(" ".join(line.split()) for line in text.splitlines()).strip()
    if "\n" in text.strip() or "\r" in text.strip():
        raise CellError(
            RuleBreach(
                spec.name,
                "several-lines",
                "This cell goes over several lines.",
                "Write it on one line; a quotation mark may be missing in the file.",
            )
        )
    return " ".join(text.split())


def _sex(text: str) -> str:
    """The word for it in Rollbook; an unknown one is left to be refused with the choices."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return _SEX_OF.get("".join(char for char in parts if char.isalnum()), text)
