"""D8: Excel workbooks, as people make them and as nobody should."""

import io
import zipfile
from datetime import date, datetime
from typing import Any

import pytest
from openpyxl import Workbook

from rollbook.exchange import KnownRecords, Outcome, Table, match_columns, plan_import, read_table
from rollbook.exchange.errors import NotATableError
from rollbook.exchange.table import ReadLimits


def saved(workbook: Workbook) -> bytes:
    """The workbook's file."""
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def sheet_of(*rows: list[Any]) -> bytes:
    """A workbook with one sheet."""
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    return saved(workbook)


def cells(table: Table) -> list[tuple[str, ...]]:
    """The cells of each row."""
    return [row.cells for row in table.rows]


def refused(data: bytes, limits: ReadLimits | None = None) -> NotATableError:
    """Why it is not read."""
    with pytest.raises(NotATableError) as caught:
        read_table(data, name="list.xlsx", limits=limits)
    assert caught.value.suggestion
    return caught.value


def rewritten(data: bytes, part: str, old: bytes, new: bytes) -> bytes:
    """The workbook with something else in one of its parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(file, "w") as after:
        for name in before.namelist():
            content = before.read(name)
            after.writestr(name, content.replace(old, new) if name == part else content)
    return file.getvalue()


def test_d8_cells_are_read_as_people_see_them() -> None:
    table = read_table(
        sheet_of(
            ["Number", "Name", "Born", "Grade", "Average", "Boarder"],
            ["007", "Ελένη Παππά", date(2014, 2, 28), 3.0, 18.5, True],
            [12, "Hana", datetime(2013, 1, 2, 8, 30), None, None, None],  # noqa: DTZ001 – as a sheet has it
        )
    )
    assert table.headers == ("Number", "Name", "Born", "Grade", "Average", "Boarder")
    assert cells(table) == [
        ("007", "Ελένη Παππά", "2014-02-28", "3", "18.5", "yes"),
        ("12", "Hana", "2013-01-02 08:30", "", "", ""),
    ]


def test_d8_rows_have_the_numbers_of_the_sheet_and_a_title_may_stand_above_the_headings() -> None:
    table = read_table(sheet_of(["Class list"], [], ["Number", "Name"], ["1", "Eleni"], [], ["2", "Hana"]))
    assert table.headers == ("Number", "Name")
    assert [row.number for row in table.rows] == [4, 6]
    assert "row 3" in table.notes[0]


def test_d8_merged_cells_hold_their_value_once() -> None:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["Number", "Name"])
    sheet.append(["1", "Eleni"])
    sheet.append(["2", "Hana"])
    sheet.merge_cells("B2:B3")
    assert cells(read_table(saved(workbook))) == [("1", "Eleni"), ("2", "")]


def test_d8_the_first_sheet_that_is_shown_and_holds_anything_is_read() -> None:
    workbook = Workbook()
    hidden = workbook.active
    assert hidden is not None
    hidden.append(["Number", "Secret"])
    hidden.sheet_state = "hidden"
    workbook.create_sheet("Empty")
    workbook.create_sheet("Students").append(["Number", "Name"])
    table = read_table(saved(workbook))
    assert table.headers == ("Number", "Name")
    assert "Students" in table.notes[0]


def test_d8_a_formula_without_a_saved_result_is_its_rows_problem() -> None:
    table = read_table(sheet_of(["Number", "Name"], ["1", "=A2"], ["2", "Hana"]))
    assert [bool(row.fault) for row in table.rows] == [True, False]
    assert "B2" in table.rows[0].fault


def test_d8_a_saved_result_of_a_formula_is_its_value() -> None:
    plain = sheet_of(["Number", "Name"], ["1", "=A2"])
    part = "xl/worksheets/sheet1.xml"
    with_result = rewritten(plain, part, b"<f>A2</f><v></v>", b"<f>A2</f><v>7</v>")
    with_result = rewritten(with_result, part, b"<f>A2</f><v />", b"<f>A2</f><v>7</v>")
    [row] = read_table(with_result).rows
    assert (row.cells, row.fault) == (("1", "7"), "")


def test_d10_a_column_of_passwords_is_never_kept() -> None:
    table = read_table(sheet_of(["Number", "Password"], ["1", "hunter2"]))
    assert cells(table) == [("1", "")]


def test_d9_a_cell_beyond_the_headings_is_its_rows_problem() -> None:
    table = read_table(sheet_of(["Number", "Name"], ["1", "Eleni", "more"]))
    assert "3 cells" in table.rows[0].fault


def test_d8_what_unpacks_to_far_more_than_a_list_is_not_opened() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (30 * 1024 * 1024))
    assert refused(file.getvalue()).looks_like == "trap"
    many = sheet_of(["Number"], *[[str(number)] for number in range(500)])
    assert refused(many, ReadLimits(file_bytes=len(many))).looks_like == "trap"


def test_d8_entities_that_unfold_are_not_read() -> None:
    plain = sheet_of(["Number"], ["1"])
    part = "xl/worksheets/sheet1.xml"
    laughing = rewritten(plain, part, b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet')
    assert refused(laughing).looks_like == "damaged workbook"


def test_d8_a_damaged_workbook_says_what_to_do() -> None:
    plain = sheet_of(["Number"], ["1"])
    assert (
        refused(rewritten(plain, "xl/workbook.xml", b"<sheets>", b"<shee")).looks_like == "damaged workbook"
    )
    assert refused(sheet_of()).looks_like == "empty workbook"
    assert "password" in refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600).message


def test_d8_a_table_of_text_that_is_called_a_workbook_is_read_as_what_it_is() -> None:
    table = read_table(b"Number;Name\r\n1;Eleni\r\n", name="list.xlsx")
    assert cells(table) == [("1", "Eleni")]


def test_d8_a_number_has_the_zeros_that_its_column_shows() -> None:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["Number", "Room"])
    sheet.append([42, 42])
    sheet["A2"].number_format = "00000"
    assert cells(read_table(saved(workbook))) == [("00042", "42")]


def test_d8_a_sheet_is_read_by_its_name_and_the_others_are_named() -> None:
    workbook = Workbook()
    first = workbook.active
    assert first is not None
    first.title = "Notes"
    first.append(["Remember", "the milk"])
    pupils = workbook.create_sheet("Pupils")
    pupils.append(["Given name", "Family name"])
    pupils.append(["Eleni", "Pappa"])
    data = saved(workbook)
    table = read_table(data, sheet="pupils")
    assert cells(table) == [("Eleni", "Pappa")]
    assert "Not read: “Notes”." in table.notes
    with pytest.raises(NotATableError, match="no sheet “Teachers”") as caught:
        read_table(data, sheet="Teachers")
    assert caught.value.suggestion == "Choose one of these: “Notes”, “Pupils”."


def test_d8_what_a_spreadsheet_shows_for_a_broken_formula_is_no_name() -> None:
    table = read_table(sheet_of(["Family name", "Given name"], ["#REF!", "Eleni"], ["Pappa", "#N/A"]))
    plan = plan_import(table, match_columns(table.headers), KnownRecords(), school_id="school")
    broken, unknown = plan.rows
    assert [(each.column, each.code) for each in broken.problems] == [("Family name", "broken-formula")]
    assert unknown.outcome is Outcome.NEW
