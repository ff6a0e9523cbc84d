"""D8, D9: files as they should not be; each row has its outcome and nothing crashes."""

import subprocess
import sys
from pathlib import Path

import pytest

from rollbook.exchange import NotATableError, read_table
from support.student_files import plan_of, problem_texts, table_of, values_of

HEADINGS = ("Last Name", "First Name", "Sex", "Student Number", "Birthdate", "Phone")
ROWS = (
    ("Klein", "Éva", "FEMALE", "0001", "2014-02-28", "NULL"),
    ("Stark", "Renée", "Male", "0001", "2014-03-01", "1"),
    ("Lees", "Zoë", "f", "0003", "31/02/2014", "2"),
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [";", "\t", ","])
def test_d9_each_row_of_a_nasty_file_has_its_outcome(encoding: str, separator: str) -> None:
    text = "\r\n".join(separator.join(row) for row in (HEADINGS, *ROWS, ("Short", "row")))
    plan = plan_of(table_of(text, encoding))
    assert problem_texts(plan) == [
        (3, "Student Number", "repeated"), (4, "Birthdate", "not-a-date"), (5, "", "row-form"),
    ]  # fmt: skip
    assert values_of(plan.rows[0])["sex"] == "female"
    assert "phone" not in values_of(plan.rows[0])


def test_d8_a_nul_byte_in_a_file_is_refused() -> None:
    with pytest.raises(NotATableError, match="binary"):
        read_table(b"Last Name,First Name\nKl\x00ein,Ora\n")


def test_d8_a_line_of_10_megabytes_is_refused_with_its_number() -> None:
    with pytest.raises(NotATableError, match="line 3"):
        read_table(b"Last Name,First Name\nKlein,Ora\nStark," + b"x" * 10_000_000 + b"\n")


# VmHWM and not ru_maxrss: that one has the peak of the process that started this one in it.
_MEASURED = """
from pathlib import Path
import sys
from rollbook.exchange import read_table
def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
before = peak()
table = read_table(Path(sys.argv[1]))
print(len(table.rows), (peak() - before) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")
def test_d8_a_file_of_50_megabytes_takes_bounded_memory(tmp_path: Path) -> None:
    file = tmp_path / "large.csv"
    line = "Papadopoulos,Georgios,male,{:07},2014-02-28," + "x" * 52 + "\n"
    with file.open("w", encoding="utf-8") as stream:
        stream.write("Last Name,First Name,Sex,Student Number,Birthdate,Address\n")
        stream.writelines(line.format(number) for number in range(500_000))
    told = subprocess.run([sys.executable, "-c", _MEASURED, file], capture_output=True, text=True, check=True)
    rows, megabytes = map(int, told.stdout.split())
    assert rows == 500_000
    assert megabytes < 500  # every row is kept for the dry run: 352 where this was written


def test_d9_a_nul_byte_far_down_a_large_file_is_its_rows_problem() -> None:
    text = "Last Name,First Name,Student Number\n" + "".join(f"Klein,Ora,{n}\n" for n in range(80_000))
    plan = plan_of(read_table(text.encode() + b"St\x00ark,Flo,x\n"))
    assert [problem.row for problem in plan.problems] == [80_002]
