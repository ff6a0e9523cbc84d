"""D8, D9, H5: workbooks made to do harm or damaged are refused in words; bad rows go back as a workbook."""

import io
import zipfile
from typing import Any

import pytest
from openpyxl import Workbook

from rollbook.exchange import NotATableError, bad_rows_file, read_table
from support.student_files import plan_of

SHEET = "xl/worksheets/sheet1.xml"


def book_of(*rows: list[Any]) -> bytes:
    book, stream = Workbook(), io.BytesIO()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(stream)
    return stream.getvalue()


PLAIN = book_of(["Last Name", "Student Number", "Birthdate"], ["Klein", "007", "31/02/2014"])


def part_of(data: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(name)


def with_part(name: str, content: bytes) -> bytes:
    """The plain workbook with one part put in or put in place of another."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(PLAIN)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            if part != name:
                new.writestr(part, old.read(part))
        new.writestr(name, content)
    return stream.getvalue()


def refused(data: bytes) -> NotATableError:
    with pytest.raises(NotATableError) as refusal:
        read_table(data, name="students.xlsx")
    assert refusal.value.suggestion
    return refusal.value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("before", [0, 10_000])
def test_d8_entities_are_refused_in_every_encoding_and_wherever_they_stand(
    encoding: str, before: int
) -> None:
    bomb = (
        f'<?xml version="1.0" encoding="{encoding}"?><!--{"x" * before}-->'
        '<!DOCTYPE a [<!ENTITY b "bbbb">]><sst>&b;</sst>'
    )
    assert refused(with_part("xl/sharedStrings.xml", bomb.encode(encoding))).looks_like == "damaged workbook"


def test_d8_a_size_that_is_not_the_declared_one_is_refused() -> None:
    data = with_part("xl/z.bin", b"a" * 5_000)
    lying = data.replace((5_000).to_bytes(4, "little"), (50).to_bytes(4, "little"))
    assert lying != data
    assert refused(lying).looks_like == "damaged workbook"


def test_h5_packed_bytes_that_are_damaged_are_said_in_our_words() -> None:
    data = bytearray(PLAIN)
    with zipfile.ZipFile(io.BytesIO(PLAIN)) as archive:
        start = archive.getinfo(SHEET).header_offset + 30 + len(SHEET)
    data[start : start + 40] = b"\xff" * 40
    assert refused(bytes(data)).looks_like == "damaged workbook"


def test_d8_a_row_number_beyond_every_sheet_is_refused_and_not_counted_up_to() -> None:
    far = part_of(PLAIN, SHEET).replace(b'<row r="2"', b'<row r="999999999999"')
    assert b"999999999999" in far
    assert refused(with_part(SHEET, far)).looks_like == "damaged workbook"


def test_d9_bad_rows_of_a_workbook_come_back_as_a_workbook_of_text() -> None:
    table = read_table(PLAIN)
    returned = read_table(bad_rows_file(table, plan_of(table)))
    assert returned.headers == ("Last Name", "Student Number", "Birthdate", "Rollbook: problem")
    assert returned.rows[0].cells[:3] == ("Klein", "007", "31/02/2014")
    assert "31/02/2014" in returned.rows[0].cells[3]
