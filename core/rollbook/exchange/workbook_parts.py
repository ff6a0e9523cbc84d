"""Looking through an Excel file's parts before anything parses them: sizes, damage, entities (D8)."""

import io
import re
import zipfile
import zlib

from rollbook.exchange.errors import NotATableError
from rollbook.exchange.table import ReadLimits

_CHUNK = 256 * 1024
_OVERLAP = 32
_TIGHT = 200
"""No sheet that people made is packed to less than one in so many; what is larger and tighter is a trap."""
_LARGE = 20 * 1024 * 1024
_PARTS = 10_000
_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
_FORMULA = re.compile(rb"<(?:\w+:)?f[ />]")


def look_through(data: bytes, limits: ReadLimits) -> bool:
    """Whether any part has a formula. Raises :class:`NotATableError` for parts that are not safe to parse.

    Declared sizes are checked first, then every part is unpacked in pieces and thrown away: what it really
    holds must be what was declared, and no part may define entities, which can expand without end.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            _refuse_bomb(parts, limits)
            return any([_has_formula(archive, part) for part in parts])  # noqa: C419 - every part is looked at
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise damaged() from error


def damaged() -> NotATableError:
    """The refusal of a workbook whose inside cannot be read."""
    return NotATableError(
        "damaged workbook",
        "This Excel workbook is damaged and cannot be read.",
        "Open it in a spreadsheet, save it under a new name, and import that file.",
    )


def _refuse_bomb(parts: list[zipfile.ZipInfo], limits: ReadLimits) -> None:
    total = sum(part.file_size for part in parts)
    swollen = any(part.file_size > _LARGE and part.file_size > _TIGHT * part.compress_size for part in parts)
    if len(parts) > _PARTS or total > limits.file_bytes or swollen:
        raise NotATableError(
            "trap",
            "This workbook unpacks to far more than a list of students holds.",
            "Do not open it; ask who sent it, and export the list again.",
        )


def _has_formula(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    found = False
    is_xml = part.filename.lower().endswith((".xml", ".rels"))
    before = b""
    with archive.open(part) as stream:
        while piece := stream.read(_CHUNK):
            text = before + piece.replace(b"\x00", b"")  # UTF-16 has a zero beside each plain letter
            if is_xml and _DOCTYPE.search(text):
                raise damaged()  # no spreadsheet program writes them
            found = found or _FORMULA.search(text) is not None
            before = text[-_OVERLAP:]
    return found and is_xml
