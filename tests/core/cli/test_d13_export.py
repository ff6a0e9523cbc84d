"""`rollbookctl export`: offline, whole or not at all; importing it again changes nothing (D10, D13)."""

from hashlib import sha512
from pathlib import Path

import pytest
from openpyxl import load_workbook

from rollbook.client.exporting import export_records
from rollbook.client.facade import Client
from rollbook.client.opening import open_client
from rollbook.client.values import Edit
from rollbook.exchange import UnwritableFileError, write_table
from support.desk import connected_here, student
from support.in_process_line import InProcessLine
from support.small_disk import small_disk

FORMULA = "=HYPERLINK(1)"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a computer that reaches no server, with four students and one who is archived."""
    monkeypatch.setenv("ROLLBOOK_KEYRING", "0")
    folder = tmp_path / "data"
    connected_here(folder)
    client = open_client(folder)
    student(client, "Παππά", "Ελένη", student_number="007", birth_date="2014-02-28", phone="+30 210 1234567")
    student(client, "O’Neill", 'Anna "Ann"', student_number="8", address="Street 1\n10434 Athens")
    student(client, FORMULA, "Hana", student_number="9", grade_level="1,5")
    client.save(Edit("student", None, {"native_name": "王小明", "source_system": "sds", "sourced_id": "s1"}))
    gone = student(client, "Gone", "Long", student_number="10")
    client.archive("student", gone.entity_id)
    client.close()
    return folder


@pytest.fixture
def client(data: Path) -> Client:
    """That computer's client."""
    return open_client(data)


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_d10_importing_what_was_exported_changes_nothing(data: Path, tmp_path: Path, ending: str) -> None:
    ctl, file = InProcessLine(data), tmp_path / f"students{ending}"
    said = ctl.run("export", str(file))
    assert (said.code, said.data["students"]) == (0, 4), said.err
    again = ctl.run("import", str(file), "--dry-run")
    assert again.code == 0, again.out
    outcomes = [row["outcome"] for row in again.data["rows"]]
    assert outcomes == ["same"] * 4


def test_d13_in_a_workbook_every_cell_is_text_and_none_is_a_formula(client: Client, tmp_path: Path) -> None:
    file = tmp_path / "students.xlsx"
    export_records(client, "students", file)
    client.close()
    workbook = load_workbook(file)
    cells = [cell for row in workbook["Students"].iter_rows() for cell in row if cell.value is not None]
    workbook.close()
    assert {cell.data_type for cell in cells} == {"s"}
    assert {"007", FORMULA, "王小明"} <= {cell.value for cell in cells}


def test_d13_a_spreadsheet_is_told_that_the_csv_is_utf_8(client: Client, tmp_path: Path) -> None:
    file = tmp_path / "students.csv"
    export_records(client, "students", file)
    client.close()
    text = file.read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    assert "Ελένη".encode() in text


def test_d13_a_file_that_is_there_is_replaced_only_where_that_is_said(data: Path, tmp_path: Path) -> None:
    ctl, file = InProcessLine(data), tmp_path / "students.csv"
    file.write_text("mine", "utf-8")
    refused = ctl.run("export", str(file))
    assert (refused.code, file.read_text("utf-8")) == (1, "mine")
    assert ctl.run("export", str(file), "--replace").code == 0
    assert file.read_text("utf-8-sig").startswith("family_name")


def test_d13_a_form_that_is_not_known_or_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    for name in ("students.pdf", "nowhere/students.csv", "nowhere/students.xlsx"):
        with pytest.raises(UnwritableFileError) as caught:
            write_table(tmp_path / name, ["name"], [["Eleni"]])
        assert caught.value.suggestion
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_d13_a_disk_that_fills_leaves_no_half_file_and_the_one_before(tmp_path: Path, ending: str) -> None:
    with small_disk(tmp_path / "disk", 512) as disk:
        file = disk.folder / f"students{ending}"
        write_table(file, ["name"], [["Eleni"]])
        before = file.read_bytes()
        many = ([sha512(str(number).encode()).hexdigest()] for number in range(10_000))  # what packs badly
        with pytest.raises(UnwritableFileError, match="room"):
            write_table(file, ["name"], many, replace=True)
        assert file.read_bytes() == before
        assert [each.name for each in disk.folder.iterdir()] == [file.name]
