"""Registers, report cards, transcripts and contact sheets say what is recorded, and “–” where nothing is."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from rollbook.client import printing_contacts, printing_grades, printing_registers
from rollbook.client.facade import Client
from rollbook.client.opening import open_client
from rollbook.client.printed_for import Group, Whom
from rollbook.client.printing_contacts import print_contact_sheet
from rollbook.client.printing_grades import print_report_cards, print_transcripts
from rollbook.client.printing_registers import print_register
from rollbook.client.values import Edit
from rollbook.exchange import NotPrintableError
from rollbook.exchange.paper_words import words_in
from rollbook.exchange.typesetting import typeset
from support.classroom import Classroom, class_edits, enrolment
from support.desk import connected_here
from support.in_process_line import InProcessLine

DAY = date(2026, 11, 4)  # a Wednesday
WEEK = (date(2026, 11, 2), date(2026, 11, 8))
MARKUP = '#panic("x") *bold* \\ $x$ @d // f'


@dataclass
class School:
    """A class of three in whose fifth grade one is: its desk, and what was last printed."""

    client: Client
    room: Classroom
    folder: Path
    papers: list[tuple[str, dict[str, Any]]]

    def saved(self, entity: str, **values: Any) -> str:
        return self.client.save(Edit(entity, None, values)).entity_id

    @property
    def file(self) -> Path:
        return self.folder / f"{len(self.papers)}.pdf"

    @property
    def paper(self) -> dict[str, Any]:
        return self.papers[-1][1]

    @property
    def text(self) -> str:
        """The text of the last paper, as the typesetter has understood it."""
        (page,) = typeset(*self.papers[-1], "html")
        return unescape(re.sub(r"<[^>]+>", "\n", page.decode()))


@pytest.fixture
def school(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[School]:
    """A computer that reaches no server."""
    monkeypatch.setenv("ROLLBOOK_KEYRING", "0")
    kept: list[tuple[str, dict[str, Any]]] = []
    for module in (printing_registers, printing_grades, printing_contacts):
        real = module.print_paper

        def keeping(
            path: Path, template: str, paper: dict[str, Any], *, replace: bool = False, real: Any = real
        ) -> Any:
            kept.append((template, paper))
            return real(path, template, paper, replace=replace)

        monkeypatch.setattr(module, "print_paper", keeping)
    connected_here(tmp_path / "data")
    client = open_client(tmp_path / "data")
    room, edits = class_edits(client.new_run, 3, begin="2020-09-01")
    client.save_many(edits, client.new_run())
    yield School(client, room, tmp_path, kept)
    client.close()


def _said(paper: dict[str, Any]) -> list[str]:
    return [" ".join(cell["said"] or "_" for cell in line["cells"]) for line in paper["students"]]


def _term(school: School) -> str:
    year = school.saved(
        "academic_session",
        title="2026–27",
        type="school_year",
        start_date="2026-09-01",
        end_date="2027-06-15",
    )
    return school.saved(
        "academic_session",
        title="Term 1",
        type="term",
        parent_id=year,
        start_date="2026-09-01",
        end_date="2027-01-20",
    )


def test_d13_d1_a_register_tells_not_taken_from_all_present_and_leaves_coming_days_free(
    school: School,
) -> None:
    section, (first, _second, third) = school.room.section, school.room.students
    school.saved("register_taken", section_id=section, date="2026-11-02", period="day")
    school.saved("register_taken", section_id=section, date="2026-11-02", period="2")
    mark = {"section_id": section, "period": "day", "student_id": first}
    school.saved(
        "attendance_mark", **mark, date="2026-11-02", teacher_code="A", office_code="E", reason="ill"
    )
    school.saved("attendance_mark", **mark, date="2026-11-07", teacher_code="L")
    school.client.save(enrolment(section, third, begin="2026-11-04"))
    count = print_register(school.client, section, WEEK, school.file, DAY)
    assert count == 3
    assert _said(school.paper) == ["E – – _ _ L", "• – – _ _ _", "_ _ – _ _ _"]
    assert [line["cells"][0]["outside"] for line in school.paper["students"]] == [False, False, True]
    totals = [line["totals"] for line in school.paper["students"]]
    assert totals == [["1", "1", "1", "50.0"], ["0", "0", "0", "100.0"], ["–"] * 4]
    assert "E Excused" in school.text


def test_d13_an_empty_register_shows_nothing_that_is_recorded(school: School) -> None:
    section = school.room.section
    school.saved("register_taken", section_id=section, date="2026-11-02", period="day")
    print_register(school.client, section, WEEK, school.file, DAY, empty=True, language="el")
    assert _said(school.paper) == ["_ _ _ _ _"] * 3
    assert {cell for line in school.paper["students"] for cell in line["totals"]} == {""}
    with pytest.raises(NotPrintableError, match="week or a month"):
        print_register(school.client, section, (DAY, date(2027, 11, 4)), school.file, DAY)


def test_d13_d2_a_report_card_reckons_on_the_courses_scale_and_marks_what_was_set_by_hand(
    school: School,
) -> None:
    term, section, (first, *_others) = _term(school), school.room.section, school.room.students
    scale = school.saved("grade_scale", title="0–20", kind="numeric", minimum="0", maximum="20")
    tests = school.saved("category", section_id=section, title="Tests")
    school.client.save(Edit("section", section, {"grade_scale_id": scale}))
    item = {"section_id": section, "maximum": "10", "category_id": tests}
    in_term = school.saved("line_item", **item, title="In", academic_session_id=term)
    by_date = school.saved("line_item", **item, title="Due", due_date="2026-10-10")
    later = school.saved("line_item", **item, title="Later", due_date="2027-03-03")
    for line_item, score in ((in_term, "7"), (by_date, "7.5"), (later, "1")):
        school.saved("result", line_item_id=line_item, student_id=first, score=score)
    grade = {"section_id": section, "academic_session_id": term}
    school.saved("final_grade", **grade, student_id=first, score="15", override="yes", reason="a secret one")
    whom = Whom(Group.SECTION, section)
    assert print_report_cards(school.client, whom, "term 1", school.file, DAY, language="el") == 3
    ours, others = (student["courses"][0] for student in school.paper["students"][:2])
    assert (ours["average"], ours["parts"], ours["final"]) == ("14,5", [["Tests", "14,5"]], "15 *")
    assert (others["average"], others["parts"], others["final"]) == ("–", [["Tests", "–"]], "–")
    assert school.paper["students"][1]["attendance"] == [["Φοίτηση", "–"]]
    assert words_in("el")["by_hand"] in school.text
    assert "a secret one" not in school.text


def test_d13_d1_a_report_cards_attendance_is_that_of_its_term(school: School) -> None:
    _term(school)
    section, (first, *_others) = school.room.section, school.room.students
    for day in ("2026-10-01", "2026-10-02", "2027-02-02"):
        school.saved("register_taken", section_id=section, date=day, period="day")
        mark = {"section_id": section, "period": "day", "student_id": first, "date": day}
        if day != "2026-10-01":
            school.saved("attendance_mark", **mark, teacher_code="A")
    print_report_cards(school.client, Whom(Group.STUDENT, first), "Term 1", school.file, DAY)
    said = dict(map(tuple, school.paper["students"][0]["attendance"]))
    assert (said["Attended"], said["Registers taken"], said["Absent"]) == ("50.0 %", "2", "1")
    with pytest.raises(NotPrintableError, match="Term 1"):
        print_report_cards(school.client, Whom(Group.STUDENT, first), "Term 9", school.file, DAY)


def test_d13_a_transcript_has_all_years_in_order_with_the_enrolments(school: School) -> None:
    term, section, (first, *_others) = _term(school), school.room.section, school.room.students
    before = school.saved(
        "academic_session",
        title="2025–26",
        type="school_year",
        start_date="2025-09-01",
        end_date="2026-06-15",
    )
    for session, score in ((term, None), (before, "18.5")):
        school.saved(
            "final_grade", section_id=section, student_id=first, academic_session_id=session, score=score
        )
    school.saved("enrolment", student_id=first, entry_date="2026-09-01", grade_level="5")
    school.saved("enrolment", student_id=first, entry_date="2024-09-01", exit_date="2025-06-01")
    school.client.save(Edit("student", first, {"grade_level": "5", "given_name": MARKUP}))
    assert print_transcripts(school.client, Whom(Group.GRADE, "5"), school.file, DAY) == 1
    (ours,) = school.paper["students"]
    assert ours["years"] == [
        {"title": "2025–26", "lines": [["1A", "2025–26", "18.5"]]},
        {"title": "2026–27", "lines": [["1A", "Term 1", "–"]]},
    ]
    assert [stay[1] for stay in ours["stays"]] == ["1 September 2024", "1 September 2026"]
    assert MARKUP in school.text


def test_d13_contacts_stand_by_priority_with_phones_as_typed_and_care_only_where_it_is_asked_for(
    school: School,
) -> None:
    first = school.room.students[0]
    for priority, name in ((None, "Last"), (2, "Second"), (1, MARKUP)):
        contact = school.saved("contact", family_name=name, phone="(+30) 210-12 34 567" if priority else None)
        link = {"student_id": first, "contact_id": contact, "priority": priority}
        school.saved("student_contact", **link, relationship="mother", may_be_called="no")
    school.saved("care", student_id=first, medical="Asthma")
    whom = Whom(Group.SECTION, school.room.section)
    assert print_contact_sheet(school.client, whom, school.file, DAY) == 3
    contacts = school.paper["students"][0]["contacts"]
    assert contacts[0] == ["1", MARKUP, "Mother", "(+30) 210-12 34 567", "no", "–", "–"]
    assert [each[0] for each in contacts] == ["1", "2", "–"]
    assert contacts[2][3] == "–"
    assert MARKUP in school.text
    assert "Asthma" not in school.text
    print_contact_sheet(school.client, whom, school.file, DAY, care=True)
    assert "Asthma" in school.text


def test_d13_care_is_not_printed_for_who_may_not_see_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLBOOK_KEYRING", "0")
    connected_here(tmp_path / "data", role="teacher")
    said = InProcessLine(tmp_path / "data").run(
        "print", "contact-sheet", "--grade", "5", str(tmp_path / "c.pdf"), "--care"
    )
    assert said.data["error"] == "not-allowed"
    assert not (tmp_path / "c.pdf").exists()


def test_d13_each_student_of_a_file_has_pages_counted_anew(school: School) -> None:
    _term(school)
    whom = Whom(Group.SECTION, school.room.section)
    print_report_cards(school.client, whom, "Term 1", school.file, DAY)
    pages = typeset(*school.papers[-1], "svg")
    assert len(pages) == 3
    assert typeset(*school.papers[-1]) == typeset(*school.papers[-1]), "the same input, the same bytes"


@pytest.mark.parametrize("language", ["en", "el"])
def test_d13_the_command_line_prints_each_paper(school: School, language: str) -> None:
    _term(school)
    section, first = school.room.section, school.room.students[0]
    ctl = InProcessLine(school.folder / "data")
    for name, *given in (
        ("register", section, "--week", "2026-11-04"),
        ("register", section, "--month", "2026-02", "--empty"),
        ("report-card", "--student", first, "--term", "Term 1"),
        ("transcript", "--section", section),
        ("contact-sheet", "--section", section),
    ):
        file = school.folder / f"{name}-{len(given)}-{language}.pdf"
        said = ctl.run("print", name, *given, str(file), "--language", language)
        assert said.code == 0, said.err
        assert file.read_bytes().startswith(b"%PDF-")
        assert said.data["students"] == (1 if name == "report-card" else 3)
    assert ctl.run("print", "register", section, "--week", "soon", "x.pdf").code == 2
    nobody = ctl.run("print", "transcript", "--grade", "none", str(school.folder / "x.pdf"))
    assert nobody.data["error"] == "nobody"
