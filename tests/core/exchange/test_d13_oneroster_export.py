"""OneRoster 1.2 out (D10, D11, D13): a strict reader takes it, and coming back it changes nothing."""

import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rollbook.domain.canonical import canonical_values
from rollbook.domain.entity import Values
from rollbook.domain.registry import ENTITIES
from rollbook.exchange import Known
from rollbook.exchange.package import Exported, write_oneroster
from support.packages import SDS, School, carried_out, classlink, counted, part, plan_of, problems, small
from support.strict_oneroster import faults_of
from support.student_files import SCHOOL


def exported(path: Path, school: School) -> Exported:
    """The school as a package."""

    def records(entity: str) -> Iterable[tuple[str, Values]]:
        return [(known.id, known.values) for known in school.get(entity, ()) if not known.archived]

    return write_oneroster(path, records, school_id=SCHOOL, school_name="Harbour School")


def _contents(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def _judge(folder: Path, school: School) -> None:
    """The whole promise for one school."""
    first, second = folder / "first.zip", folder / "second.zip"
    exported(first, school)
    assert faults_of(first) == []
    again = plan_of(first, school)
    assert problems(again) == []
    assert set(counted(again)) <= {"same", "left_out"}
    made = plan_of(first)
    assert problems(made) == []
    copy = carried_out(made)
    exported(second, copy)
    before, after = _contents(first), _contents(second)
    differing = {name: (text, after.get(name)) for name, text in before.items() if after.get(name) != text}
    assert differing == {}
    assert first.read_bytes() == second.read_bytes()
    assert set(counted(plan_of(second, copy))) <= {"same", "left_out"}


def test_d11_d13_public_sets_go_out_as_a_strict_reader_wants_them_and_come_back_the_same(
    tmp_path: Path,
) -> None:
    for name, package in (
        ("small", small(tmp_path / "small.zip")),
        ("sds", SDS),
        ("classlink", classlink(tmp_path / "cl")),
    ):
        folder = tmp_path / name
        folder.mkdir()
        _judge(folder, carried_out(plan_of(package)))


def test_d13_the_strict_reader_sees_what_is_wrong(tmp_path: Path) -> None:
    exported(tmp_path / "good.zip", carried_out(plan_of(small(tmp_path / "small.zip"))))
    files = _contents(tmp_path / "good.zip")
    for name, right, wrong in (
        ("manifest.csv", "file.users,bulk", "file.users,delta"),
        ("manifest.csv", "oneroster.version,1.2", "oneroster.version,1.1"),
        ("users.csv", "sourcedId,status", "status,sourcedId"),
        ("users.csv", "s1,,,true", "s1,active,,true"),
        ("users.csv", "s1,,,true", "s1,,,True"),
        ("enrollments.csv", ",s1,student", ",s9,student"),
        ("academicSessions.csv", "2026-12-20", "20.12.2026"),
        ("roles.csv", ",primary,student", ",secondary,student"),
    ):
        assert right in files[name], (name, right)
        with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
            for each, text in files.items():
                archive.writestr(each, text.replace(right, wrong, 1) if each == name else text)
        assert faults_of(tmp_path / "bad.zip") != [], (name, wrong)


def test_d13_a_file_without_rows_is_called_absent_and_a_password_column_stays_empty(tmp_path: Path) -> None:
    done = exported(
        tmp_path / "few.zip",
        {"student": [Known("01900000-0000-7000-8000-000000000001", {"native_name": "王"})]},
    )
    assert done.rows == {"orgs": 1, "users": 1, "roles": 1}
    files = _contents(tmp_path / "few.zip")
    assert "file.classes,absent" in files["manifest.csv"]
    assert faults_of(tmp_path / "few.zip") == []


def test_d13_what_names_an_archived_record_stays_behind_and_is_counted(tmp_path: Path) -> None:
    school = carried_out(plan_of(small(tmp_path / "small.zip")))
    ana = next(known for known in school["student"] if known.values["given_name"] == "Ana")
    school["student"] = [
        Known(ana.id, ana.values, archived=True),
        *(each for each in school["student"] if each != ana),
    ]
    done = exported(tmp_path / "less.zip", school)
    assert done.left_out == 3  # her contact, her class, her result
    assert faults_of(tmp_path / "less.zip") == []


def test_d10_a_package_of_ours_changes_what_was_changed_in_it_and_nothing_else(tmp_path: Path) -> None:
    school = carried_out(plan_of(small(tmp_path / "small.zip")))
    exported(tmp_path / "ours.zip", school)
    files = _contents(tmp_path / "ours.zip")
    files["users.csv"] = files["users.csv"].replace(",Lind,", ",Lindt,")
    with zipfile.ZipFile(tmp_path / "ours2.zip", "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    plan = plan_of(tmp_path / "ours2.zip", school)
    (row,) = [row for row in part(plan, "users", "student").rows if row.differences]
    assert {name: (change.had, change.value) for name, change in row.differences.items()} == {
        "family_name": ("Lind", "Lindt")
    }
    assert counted(plan)["changed"] == 1


_NAMES = st.sampled_from(
    [
        "Ana",
        'O\'Neill, "Ann"',
        "NULL",
        "-",
        "=1+1",
        "'=x",
        "Παππά",
        "王小明",
        "a;b\tc",
        "x" * 200,
        "007",
        "١٢",
    ]
)
_SOURCED = st.sampled_from([None, "1", "2", "a,b", "NULL", "é", "1 2", "'=x"])
_DAYS = st.sampled_from(["2025-09-01", "2026-01-31", "2026-09-01"])


def _some(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | values


_WORDS = {
    "text": _NAMES,
    "long_text": st.sampled_from(["one\ntwo", "NULL", ', "quoted"']),
    "date": _DAYS,
    "decimal": st.sampled_from(["0", "14.5", "100"]),
    "integer": st.sampled_from([0, 1, 30]),
    "email": st.sampled_from(["a@example.org"]),
    "phone": st.sampled_from(["+30 210 1", "0"]),
}


@st.composite
def _schools(draw: st.DrawFn) -> School:
    """A school of which every record that can be is there, with whatever values fit their fields."""
    school: School = {}
    for name in (
        "academic_session", "course", "staff", "section", "section_teacher", "student", "contact",
        "student_contact", "enrolment", "section_enrolment", "category", "line_item", "result",
    ):  # fmt: skip
        entity = ENTITIES[name]
        records: dict[str, Known] = {}
        for number in range(draw(st.integers(0, 3))):
            values = _values(draw, name, school, number)
            if values is not None:
                key = entity.natural_id(SCHOOL, values) if entity.called else None
                record_id = key or f"01900000-0000-7000-8000-{len(school):06x}{number:06x}"
                records[record_id] = Known(record_id, values, archived=draw(st.integers(0, 9)) == 0)
        school[name] = list(records.values())
    return school


def _values(draw: st.DrawFn, name: str, school: School, number: int) -> dict[str, object] | None:
    values: dict[str, object] = {}
    for spec in ENTITIES[name].fields:
        if spec.refers_to:
            ids = [known.id for known in school.get(spec.refers_to, ())]
            value = draw(st.sampled_from(ids)) if ids and (spec.required or draw(st.booleans())) else None
        elif spec.name in ("source_system", "sourced_id"):
            value = None
        elif spec.unique:
            value = draw(_some(st.just(f"N{number}")))
        elif spec.choices:
            words = st.sampled_from(spec.choices)
            value = draw(words if spec.required else _some(words))
        elif spec.type.value in _WORDS:
            words = _WORDS[spec.type.value].filter(lambda value, limit=spec.limit: len(str(value)) <= limit)
            value = draw(words if spec.required or spec.name == "family_name" else _some(words))
        else:
            value = None
        if spec.required and value is None:
            return None
        values[spec.name] = value
    if "sourced_id" in values and (sourced_id := draw(_SOURCED)) is not None:
        values |= {
            "source_system": draw(st.sampled_from(["sds", "file"])),
            "sourced_id": f"{sourced_id}{number}",
        }
    fine, breaches = canonical_values(ENTITIES[name], values)
    broken = breaches or any(rule(fine) for rule in ENTITIES[name].rules)
    return None if broken else {each: value for each, value in fine.items() if value is not None}


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(_schools())
def test_d10_d11_any_school_goes_out_strictly_and_comes_back_unchanged(school: School) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _judge(Path(folder), school)
