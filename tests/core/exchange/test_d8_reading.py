"""D8: which files are read, and how each that is no table is refused with what to do."""

import csv
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from rollbook.exchange import NotATableError, ReadLimits, UnreadableFileError, read_table
from rollbook.resource_files import resource
from support.student_files import plan_of, table_of, values_of

GREEK = "Επώνυμο;Όνομα;Τάξη\r\nΠαπαδόπουλος;Γεώργιος;Α΄\r\nΨαρρά;Άννα;Β΄\r\n"
FRENCH = "Last Name,First Name\r\nLefèvre,Hélène\r\nO’Neill,Siobhán\r\n"


@pytest.mark.parametrize(
    ("text", "written", "read_as"),
    [
        (GREEK, "utf-8", "utf-8"),
        (GREEK, "utf-8-sig", "utf-8-sig"),
        (GREEK, "utf-16", "utf-16"),
        (GREEK, "utf-16-le", "utf-16-le"),
        (GREEK, "utf-16-be", "utf-16-be"),
        (GREEK, "cp1253", "cp1253"),
        (FRENCH, "cp1252", "cp1252"),
    ],
)
def test_d8_every_encoding_gives_the_same_cells(text: str, written: str, read_as: str) -> None:
    table, plain = table_of(text, written), table_of(text)
    assert table.encoding == read_as
    assert table.headers == plain.headers
    assert [row.cells for row in table.rows] == [row.cells for row in plain.rows]
    assert table.notes[0].startswith("Read as ")


def test_d8_utf16_with_the_big_endian_mark_is_read() -> None:
    table = read_table(b"\xfe\xff" + GREEK.encode("utf-16-be"))
    assert (table.headers[0], table.rows[1].cells[0]) == ("Επώνυμο", "Ψαρρά")


@pytest.mark.parametrize(
    ("name", "written"), [("Ψάλτη", "cp1253"), ("Müller", "cp1252"), ("Παππά", "cp1253"), ("Núñez", "cp1252")]
)
def test_d8_one_accented_name_far_down_a_large_plain_file_decides(name: str, written: str) -> None:
    filler = "".join(f"Smith,John,{number}\r\n" for number in range(20_000))
    table = table_of(f"Last Name,First Name,Student Number\r\n{filler}{name},X,99999\r\n{filler}", written)
    assert table.encoding == written
    assert table.rows[20_000].cells[0] == name


def test_d8_every_greek_and_western_name_alone_tells_its_encoding() -> None:
    wrong = [
        name
        for name, written in _names_by_encoding()
        if table_of(f"Last Name,Student Number\n{name},1\n", written).rows[0].cells[0] != name
    ]
    assert wrong == []


def test_d8_greek_letters_of_classes_beside_latin_names_tell_the_encoding() -> None:
    table = table_of("Last Name;Class\nPappas;Α΄\nRigas;Β\n", "cp1253")
    assert [row.cells[1] for row in table.rows] == ["Α΄", "Β"]


def _names_by_encoding() -> Iterator[tuple[str, str]]:
    for file in ("forenames", "surnames"):
        with resource(f"demo/{file}.csv").open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                name, greek = row["native_name"], row["country"] in {"GR", "CY"}
                written = "cp1253" if greek else "cp1252"
                if not name.isascii() and name.encode(written, "ignore").decode(written) == name:
                    yield name, written
                    yield name.upper(), written


def test_d8_a_scratch_in_a_utf8_file_is_a_problem_of_its_row_and_not_of_the_encoding() -> None:
    good = "".join(f"Παπαδόπουλος;Άννα;{number}\n" for number in range(5))
    data = f"Επώνυμο;Όνομα;Αριθμός μητρώου\n{good}".encode() + b"Smi\xe9th;Ann;9\n"
    table = read_table(data)
    assert table.encoding == "utf-8"
    assert "1 characters of the file could not be read." in table.notes
    problems = plan_of(table).problems
    assert [(item.row, item.column, item.code) for item in problems] == [
        (7, "Επώνυμο", "unreadable-character")
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_d8_the_separator_is_found(delimiter: str) -> None:
    lines = ["Last Name", "First Name", "Address"], ["Klein", "Ora", '"1, Main St; flat | 2"']
    table = table_of("\n".join(delimiter.join(cells) for cells in lines))
    assert table.delimiter == delimiter
    assert table.rows[0].cells == ("Klein", "Ora", "1, Main St; flat | 2")


def test_d8_a_first_line_that_names_the_separator_is_believed() -> None:
    table = table_of("sep=|\r\nLast Name|First Name\r\nKlein|Ora\r\n")
    assert (table.delimiter, table.headers) == ("|", ("Last Name", "First Name"))
    assert (table.rows[0].number, table.rows[0].cells) == (3, ("Klein", "Ora"))


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_d8_every_line_ending_counts_lines_alike(ending: str) -> None:
    table = table_of(ending.join(["Last Name,First Name", "Klein,Ora", "", "Stark,Flo"]))
    assert [(row.number, row.cells[0]) for row in table.rows] == [(2, "Klein"), (4, "Stark")]


def test_d8_a_quoted_cell_may_hold_a_new_line_and_rows_keep_their_line_numbers() -> None:
    table = table_of('Last Name,Address\nKlein,"1 Main St\nSpringfield"\nStark,x\n')
    assert [(row.number, row.fault) for row in table.rows] == [(2, ""), (4, "")]
    assert values_of(plan_of(table).rows[0])["address"] == "1 Main St\nSpringfield"


def test_d9_ragged_rows_are_problems_of_their_rows() -> None:
    plan = plan_of("Last Name,First Name,Grade\nKlein,Ora,9\nStark,Flo\nLees,Ron,9,9\nHall,Ed,9,,\n")
    assert [(row.number, row.outcome.value) for row in plan.rows] == [
        (2, "new"), (3, "problem"), (4, "problem"), (5, "new"),
    ]  # fmt: skip
    assert "2 cells, but there are 3 headings" in plan.problems[0].message


def test_d9_a_quotation_mark_that_is_never_closed_is_named_with_its_line() -> None:
    plan = plan_of('Last Name,First Name\nKlein,Ora\nStark,"Flo\nLees,Ron\nHall,Ed\n')
    assert [row.outcome.value for row in plan.rows] == ["new", "problem"]
    assert plan.problems[0].row == 3
    assert "never closed" in plan.problems[0].message


def test_d8_a_table_with_headings_only_is_no_error() -> None:
    plan = plan_of("Last Name,First Name\n")
    assert plan.rows == ()
    assert "no-rows" in [warning.code for warning in plan.warnings]


_OLD = "old Excel or Word document, or one with a password"


def _zip(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "looks_like", "to_do"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "PDF", "CSV"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "PNG picture", "CSV"),
        (_zip("manifest.csv", "users.csv"), "OneRoster package (.zip)", "users.csv"),
        (_zip("a.txt"), "zip archive", "Unpack"),
        (b"PK\x03\x04 damaged", "zip archive", "Unpack"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), _OLD, "Save as"),
        (b"\n <!DOCTYPE html><html><body>Sign in</body></html>", "web page (HTML)", "sign in"),
        ("<html>Είσοδος</html>".encode("utf-16"), "web page (HTML)", "sign in"),
        (b'<?xml version="1.0"?><students/>', "XML document", "CSV"),
        (b'[{"given_name": "Ora"}]', "JSON document", "CSV"),
        (b"Last Name,First Name\nKl\x00\x01\x02ein,Ora\n" + bytes(range(200)), "binary file", "CSV"),
        (b"", "empty", "Export"),
        (b"\xef\xbb\xbf \r\n\r\n", "empty", "Export"),
    ],
)  # fmt: skip
def test_d8_what_is_no_table_is_refused_by_name_and_says_what_to_do(
    data: bytes, looks_like: str, to_do: str
) -> None:
    with pytest.raises(NotATableError) as refusal:
        read_table(data)
    assert refusal.value.looks_like == looks_like
    assert looks_like in refusal.value.message
    assert to_do.lower() in refusal.value.suggestion.lower()


def test_d8_a_cell_without_end_is_refused_with_its_line() -> None:
    data = b'Last Name,First Name\nKlein,Ora\nStark,"' + b"x\n" * 2_000
    with pytest.raises(NotATableError, match="line 3"):
        read_table(data, limits=ReadLimits(cell_characters=1_000))


def test_d8_a_file_beyond_the_limit_is_refused_before_it_is_read_whole(tmp_path: Path) -> None:
    file = tmp_path / "large.csv"
    file.write_bytes(b"Last Name\n" + b"Klein\n" * 100)
    with pytest.raises(UnreadableFileError) as refusal:
        read_table(file, limits=ReadLimits(file_bytes=100))
    assert refusal.value.code == "file-too-large"


def test_h5_a_missing_file_and_a_folder_are_said_in_our_words(tmp_path: Path) -> None:
    for path, code in ((tmp_path / "none.csv", "file-missing"), (tmp_path, "file-is-folder")):
        with pytest.raises(UnreadableFileError) as refusal:
            read_table(path)
        assert refusal.value.code == code
