"""Zips and folders (D8): where the files are, and what is refused before anything is unpacked."""

import io
import zipfile
from pathlib import Path

import pytest

from rollbook.exchange import Outcome
from rollbook.exchange.package import NotAPackageError, is_package, read_files
from rollbook.exchange.table import ReadLimits
from support.packages import SDS, SMALL, carried_out, codes, counted, part, plan_of, problems, texts, zipped


def test_d8_a_zip_a_folder_and_files_in_one_folder_within_are_the_same(tmp_path: Path) -> None:
    files = texts(SMALL)
    plain = zipped(tmp_path / "plain.zip", files)
    within = zipped(
        tmp_path / "within.zip",
        {f"export 2026/{name}": text for name, text in files.items()} | {"__MACOSX/._users.csv": "x"},
    )
    folder = tmp_path / "folder" / "inner"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8", newline="")
    counts = [counted(plan_of(each)) for each in (plain, within, tmp_path / "folder")]
    assert counts[0] == counts[1] == counts[2]
    assert counts[0]["new"] > 10


def test_d8_a_package_is_told_from_a_workbook_and_a_file(tmp_path: Path) -> None:
    assert is_package(zipped(tmp_path / "package.zip", texts(SMALL)))
    assert not is_package(zipped(tmp_path / "book.xlsx", {"xl/workbook.xml": "<x/>"}))
    (tmp_path / "students.csv").write_text("Surname\r\nFerreira\r\n", "utf-8")
    assert not is_package(tmp_path / "students.csv")


@pytest.mark.parametrize(
    "name", ["../users.csv", "/etc/users.csv", "a/../../users.csv", "C:/users.csv", "..\\users.csv"]
)
def test_d8_a_zip_that_names_files_outside_itself_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotAPackageError) as caught:
        read_files(zipped(tmp_path / "evil.zip", {name: "sourcedId\r\n"}))
    assert caught.value.code == "trap"


def test_d8_what_unpacks_to_far_too_much_is_refused_unopened(tmp_path: Path) -> None:
    bomb = zipped(tmp_path / "bomb.zip", {"users.csv": b"0" * (30 * 1024 * 1024)})
    with pytest.raises(NotAPackageError, match="unpacks to far more"):
        read_files(bomb)
    many = zipped(tmp_path / "many.zip", {f"{number}.csv": "a" for number in range(300)})
    with pytest.raises(NotAPackageError, match="300 files"):
        read_files(many)
    large = zipped(tmp_path / "large.zip", {"users.csv": "a" * 2_000})
    with pytest.raises(NotAPackageError, match="more than 1,000 bytes"):
        read_files(large, ReadLimits(file_bytes=1_000))


def test_d8_a_zip_that_holds_more_than_it_declares_is_refused(tmp_path: Path) -> None:
    file = zipped(tmp_path / "liar.zip", {"users.csv": "sourcedId\r\n" * 500})
    data = file.read_bytes()
    size = (500 * 11).to_bytes(4, "little")
    assert data.count(size) == 2
    file.write_bytes(data.replace(size, (11).to_bytes(4, "little")))
    with pytest.raises(NotAPackageError, match="damaged"):
        read_files(file)


def test_d8_a_locked_a_cut_and_an_empty_zip_are_told_apart(tmp_path: Path) -> None:
    locked = zipped(tmp_path / "locked.zip", texts(SMALL))
    data = bytearray(locked.read_bytes())
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        at = data.find(mark)
        data[at + (6 if mark[2] == 3 else 8)] |= 1
    locked.write_bytes(data)
    cut = tmp_path / "cut.zip"
    cut.write_bytes(locked.read_bytes()[:300])
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("users.csv", "sourcedId")
    nested = zipped(tmp_path / "nested.zip", {"inner.zip": inner.getvalue()})
    for file, code in ((locked, "locked-package"), (cut, "damaged-package"), (nested, "empty-package")):
        assert is_package(file)
        with pytest.raises(NotAPackageError) as caught:
            read_files(file)
        assert (file.name, caught.value.code) == (file.name, code)


def test_d8_a_zip_beside_the_files_is_named_and_not_opened(tmp_path: Path) -> None:
    plan = plan_of(zipped(tmp_path / "both.zip", {**texts(SMALL), "older.zip": b"PK\x03\x04"}))
    assert "not-read" in codes(plan)
    assert "older.zip" in " ".join(warning.message for warning in plan.warnings)


def test_d8_files_of_no_known_kind_are_refused_with_what_is_known(tmp_path: Path) -> None:
    with pytest.raises(NotAPackageError) as caught:
        plan_of(zipped(tmp_path / "other.zip", {"pupils.csv": "a,b\r\n1,2\r\n"}))
    assert caught.value.code == "unknown-package"


def test_d8_school_data_sync_gives_the_whole_school() -> None:
    plan = plan_of(SDS)
    assert problems(plan) == []
    school = carried_out(plan)
    found = {entity: len(records) for entity, records in school.items() if records}
    assert found == {
        "academic_session": 1,
        "course": 28,
        "staff": 12,
        "section": 28,
        "section_teacher": 28,
        "student": 86,
        "section_enrolment": 602,
    }
    term = school["academic_session"][0].values
    assert (term["start_date"], term["end_date"]) == ("2017-07-01", "2018-06-30")
    born = next(
        known.values["birth_date"] for known in school["student"] if known.values["sourced_id"] == "13001"
    )
    assert born == "2000-04-02"
    assert counted(plan_of(SDS, school)) == {"same": 785, "left_out": 2}
    assert "P@ss" not in str(school)


def test_d8_school_data_sync_2_1_is_told_from_oneroster(tmp_path: Path) -> None:
    files = {
        "orgs.csv": "sourcedId,name,type\r\n1,Harbour School,school\r\n",
        "users.csv": "sourcedId,username,givenName,familyName,password\r\n"
        "s1,ana,Ana,Ferreira,secret\r\nt1,mk,Maria,Kosta,\r\np1,pf,Paula,Ferreira,\r\n",
        "roles.csv": "userSourcedId,orgSourcedId,role\r\ns1,1,student\r\nt1,1,teacher\r\np1,1,guardian\r\n",
        "classes.csv": "sourcedId,orgSourcedId,title,code\r\nc1,1,Maths 9A,M9\r\n",
        "enrollments.csv": "classSourcedId,userSourcedId,role\r\nc1,s1,student\r\nc1,t1,teacher\r\n",
        "relationships.csv": "userSourcedId,relationshipUserSourcedId,relationshipRole\r\ns1,p1,guardian\r\n",
    }
    plan = plan_of(zipped(tmp_path / "sds.zip", files))
    assert (plan.form, plan.source_system, problems(plan)) == ("School Data Sync 2.1", "sds", [])
    school = carried_out(plan)
    assert school["section"][0].values["class_code"] == "M9"
    assert school["student_contact"][0].values["relationship"] == "guardian"
    assert part(plan, "enrollments", "section_enrolment").count(Outcome.NEW) == 1
