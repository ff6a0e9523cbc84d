"""`rollbookctl print`: papers from what is on this computer, no server asked (D13, D12)."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from rollbook.client import printing
from rollbook.client.facade import Client
from rollbook.client.opening import open_client
from rollbook.client.values import Edit
from support.desk import connected_here, student
from support.in_process_line import InProcessLine

DAY = date(2026, 11, 28)


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A computer that reaches no server."""
    monkeypatch.setenv("ROLLBOOK_KEYRING", "0")
    connected_here(tmp_path / "data")
    return open_client(tmp_path / "data")


@pytest.fixture
def papers(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """The data of the papers that were printed."""
    kept: list[dict[str, object]] = []
    real = printing.print_paper

    def keeping(path: Path, template: str, paper: dict[str, object], *, replace: bool = False) -> int:
        kept.append(paper)
        return real(path, template, paper, replace=replace)

    monkeypatch.setattr(printing, "print_paper", keeping)
    return kept


def _saved(client: Client, entity: str, **values: str) -> str:
    return client.save(Edit(entity, None, dict(values))).entity_id


def _names(paper: dict[str, object]) -> list[str]:
    students = paper["students"]
    assert isinstance(students, list)
    return [each["family_name"] for each in students]


def test_d13_a_homerooms_list_has_its_students_by_name(client: Client, tmp_path: Path) -> None:
    for name in ("Παππά", "Βασιλείου"):
        student(client, name, "Ελένη", homeroom="Α1")
    student(client, "Other", "Class", homeroom="Α2")
    client.close()
    ctl, file = InProcessLine(tmp_path / "data"), tmp_path / "list.pdf"
    said = ctl.run("print", "class-list", "--homeroom", "Α1", str(file), "--language", "el")
    assert (said.code, said.data["students"]) == (0, 2), said.err
    assert file.read_bytes().startswith(b"%PDF-")
    assert ctl.run("print", "class-list", "--homeroom", "Α1", str(file)).data["error"] == "file-exists"
    assert (
        ctl.run("print", "class-list", "--homeroom", "B9", str(tmp_path / "b.pdf")).data["error"] == "nobody"
    )
    assert ctl.run("print", "class-list", str(file)).code == 2


def test_d13_a_sections_list_has_who_is_in_it_on_the_day(
    client: Client, tmp_path: Path, papers: list[dict[str, object]]
) -> None:
    section = _saved(client, "section", title="Maths 1")
    teacher = _saved(client, "staff", family_name="Kyriakou", given_name="Maria")
    _saved(client, "section_teacher", section_id=section, staff_id=teacher, is_primary="yes")
    spans = {
        "Now": {"begin_date": "2026-09-01"},
        "Always": {},
        "Gone": {"begin_date": "2026-09-01", "end_date": "2026-10-01"},
        "Later": {"begin_date": "2027-01-01"},
        "Archived": {},
    }
    for name, span in spans.items():
        one = student(client, name, "A").entity_id
        _saved(client, "section_enrolment", section_id=section, student_id=one, **span)
        if name == "Archived":
            client.archive("student", one)
    assert printing.print_section(client, section, tmp_path / "list.pdf", DAY) == 2
    client.close()
    assert _names(papers[0]) == ["Always", "Now"]
    assert papers[0]["facts"] == ["Students: 2", "Teachers: Maria Kyriakou"]


def test_d13_a_certificate_is_printed_of_an_enrolment_alone(client: Client, tmp_path: Path) -> None:
    one = student(client, "Παππά", "Ελένη").entity_id
    ctl, file = InProcessLine(tmp_path / "data"), tmp_path / "certificate.pdf"
    assert ctl.run("print", "certificate", one, str(file)).data["error"] == "no-enrolment"
    assert ctl.run("print", "certificate", "nobody", str(file)).data["error"] == "not-found"
    assert not file.exists()
    _saved(client, "enrolment", student_id=one, entry_date="2020-09-11")
    said = ctl.run("print", "certificate", one, str(file), "--language", "el")
    assert said.code == 0, said.err
    assert file.read_bytes().startswith(b"%PDF-")
    client.archive("student", one)
    client.close()
    assert ctl.run("print", "certificate", one, str(file), "--replace").data["error"] == "archived"


def test_d13_w23_the_typesetter_is_loaded_only_where_something_is_printed() -> None:
    program = "import sys, rollbook.cli.__main__; sys.exit('typst' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
