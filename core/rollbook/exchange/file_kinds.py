"""Telling what a file is that is no table, by its first bytes, so that the refusal can say what to do."""

import io
import json
import zipfile
from dataclasses import dataclass

from rollbook.exchange.errors import NotATableError

_SAVE_AS = "Open it, choose “Save as” and the type “CSV UTF-8”, and import that file."
_EXPORT = "Export the list of students as CSV from the program that made it, and import that file."

_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "PDF", "Take the list from the program that printed it, as CSV."),
    (b"\x89PNG", "PNG picture", "Choose the file with the list itself, as CSV."),
    (b"\xff\xd8\xff", "JPEG picture", "Choose the file with the list itself, as CSV."),
    (b"GIF8", "GIF picture", "Choose the file with the list itself, as CSV."),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel or Word document, or one with a password", _SAVE_AS),
    (b"\x1f\x8b", "gzip archive", "Unpack it and import the CSV file inside."),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip archive", "Unpack it and import the CSV file inside."),
    (b"Rar!", "RAR archive", "Unpack it and import the CSV file inside."),
    (b"SQLite format 3\x00", "SQLite database", _EXPORT),
    (b"{\\rtf", "RTF document", _SAVE_AS),
)
_HTML_STARTS = ("<!doctype html", "<html", "<head", "<body")
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    suggestion: str


def is_workbook(data: bytes) -> bool:
    """Whether the bytes are an Excel workbook of the present kind (.xlsx), told by what is inside."""
    return data.startswith(_ZIP_STARTS) and any(name.startswith("xl/") for name in _names_in(data))


def refuse_other_kinds(data: bytes) -> None:
    """Raise :class:`NotATableError` where ``data`` is known to be something else than a table of text."""
    kind = _empty(data) or _by_magic(data) or _archive(data)
    if kind is not None:
        raise _not_a_table(kind)


def refuse_other_text(text: str) -> None:
    """The same for text: a web page, XML, JSON. ``text`` is the file's beginning, decoded."""
    kind = _text_kind(text.lstrip("\ufeff \t\r\n"))
    if kind is not None:
        raise _not_a_table(kind)


def refuse_binary(text: str) -> None:
    """The same for data that decodes but holds what no text holds: NUL and its like."""
    if any(char in text for char in "\x00\x01\x02\x03\x04\x05\x06\x0e\x0f"):
        raise _not_a_table(_Kind("binary file", _EXPORT))


def _not_a_table(kind: _Kind) -> NotATableError:
    article = "an" if kind.name[0].lower() in "aeio" else "a"
    name = kind.name if kind.name.startswith("empty") else f"{article} {kind.name}"
    return NotATableError(kind.name, f"This file is not a CSV table; it seems to be {name}.", kind.suggestion)


def _empty(data: bytes) -> _Kind | None:
    if data.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        return None
    return _Kind("empty", "Export the list again and look that it has rows.")


def _by_magic(data: bytes) -> _Kind | None:
    return next((_Kind(name, todo) for start, name, todo in _MAGIC if data.startswith(start)), None)


def _archive(data: bytes) -> _Kind | None:
    if not data.startswith(_ZIP_STARTS):
        return None
    names = _names_in(data)
    if any(name.startswith("word/") for name in names):
        return _Kind("Word document (.docx)", _SAVE_AS)
    if "mimetype" in names:
        return _Kind("OpenDocument file", _SAVE_AS)
    if any(name.rpartition("/")[2].lower() == "manifest.csv" for name in names):
        return _Kind("OneRoster package (.zip)", "Unpack it and import the file “users.csv” inside.")
    return _Kind("zip archive", "Unpack it and import the CSV file inside.")


def _names_in(data: bytes) -> frozenset[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return frozenset(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return frozenset()  # damaged: then it is simply a zip archive


def _text_kind(text: str) -> _Kind | None:
    start = text[:200].lower()
    if start.startswith(_HTML_STARTS) or (start.startswith("<?xml") and "<html" in text[:2_000].lower()):
        return _Kind(
            "web page (HTML)",
            "A sign-in or error page may have been saved instead of the list: sign in, download it again.",
        )
    if start.startswith("<?xml"):
        return _Kind("XML document", _EXPORT)
    if start.startswith(("{", "[")) and _is_json(text):
        return _Kind("JSON document", _EXPORT)
    return None


def _is_json(text: str) -> bool:
    """Whether it begins as JSON does; only a beginning may be here, so its end is not asked for."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error.pos > 1
    return True
