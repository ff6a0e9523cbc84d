"""The made-up school: the same for the same seed, with names as various as those of a real one."""

import time
import unicodedata
import uuid
from collections import Counter, defaultdict
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from rollbook.domain.canonical import breaches_of, canonical_values
from rollbook.domain.student import STUDENT
from rollbook.resource_files import ResourceMissingError, resource
from rollbook.server.demo.generate import SCHOOL_YEAR, made_up_students
from rollbook.server.demo.origins import ORIGINS


@pytest.fixture(scope="module")
def students() -> list[dict[str, Any]]:
    return [values for _, values in made_up_students(2_000, seed=7)]


def scripts(text: str) -> set[str]:
    return {unicodedata.name(char, "").split()[0] for char in text if char.isalpha()}


def test_d7_every_value_is_canonical_and_breaks_no_rule(students: list[dict[str, Any]]) -> None:
    for values in students:
        canonical, breaches = canonical_values(STUDENT, values)
        assert (canonical, breaches) == (values, ())
        assert breaches_of(STUDENT, values) == ()


def test_h6_the_same_seed_gives_the_same_school_and_another_seed_another() -> None:
    assert list(made_up_students(300, seed=1)) == list(made_up_students(300, seed=1))
    assert list(made_up_students(300, seed=1)) == list(islice(made_up_students(900, seed=1), 300))
    first = {record_id for record_id, _ in made_up_students(300, seed=1)}
    assert first.isdisjoint(record_id for record_id, _ in made_up_students(300, seed=2))


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_h6_exactly_as_many_as_asked(count: int) -> None:
    assert len(list(made_up_students(count))) == count


def test_s2_ids_are_uuids_and_numbers_are_unique_with_their_zeros() -> None:
    made = list(made_up_students(1_000))
    assert len({uuid.UUID(record_id) for record_id, _ in made}) == 1_000
    assert [values["student_number"] for _, values in made] == [f"{n:06d}" for n in range(1, 1_001)]


def test_d7_greek_is_the_largest_group_among_many_scripts(students: list[dict[str, Any]]) -> None:
    greek = sum("GREEK" in scripts(values["given_name"]) for values in students)
    assert 0.38 < greek / len(students) < 0.52
    native = set().union(*(scripts(values.get("native_name", "")) for values in students))
    assert {"CYRILLIC", "GEORGIAN", "ARABIC", "CJK", "HANGUL"} <= native


def test_d7_there_are_one_word_apostrophe_hyphen_middle_and_preferred_names(
    students: list[dict[str, Any]],
) -> None:
    assert any("family_name" not in values for values in students)
    for sign in ("'", "-"):
        assert any(sign in values.get("family_name", "") for values in students)
    assert any("middle_name" in values for values in students)
    assert any(values.get("preferred_given_name") == "Γιώργος" for values in students)


def test_d4_there_are_namesakes(students: list[dict[str, Any]]) -> None:
    names = Counter((values.get("family_name"), values["given_name"]) for values in students)
    assert names.most_common(1)[0][1] > 1


def test_d4_brothers_and_sisters_share_family_name_and_phone_but_not_their_own(
    students: list[dict[str, Any]],
) -> None:
    families: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for values in students:
        if "phone" in values:
            families[values["phone"]].append(values)
    siblings = [family for family in families.values() if len(family) > 1]
    assert len(siblings) > 100
    assert all(len({child["given_name"] for child in family}) == len(family) for family in siblings)


def test_d7_a_greek_family_name_agrees_with_the_sex(students: list[dict[str, Any]]) -> None:
    sexes: dict[str, set[str]] = defaultdict(set)
    for values in students:
        sexes[values.get("family_name", "")].add(values["sex"])
    assert sexes["Παπαδόπουλος"] - {"unspecified"} == {"male"}
    assert sexes["Παπαδοπούλου"] - {"unspecified"} == {"female"}


def test_the_birth_date_fits_the_grade(students: list[dict[str, Any]]) -> None:
    for values in students:
        turns = SCHOOL_YEAR - date.fromisoformat(values["birth_date"]).year
        assert turns - 5 - int(values["grade_level"]) in {0, 1}
    assert {values["grade_level"] for values in students} == {str(grade) for grade in range(1, 13)}


def test_no_made_up_address_or_phone_reaches_anyone(students: list[dict[str, Any]]) -> None:
    assert all(values["email"].endswith("@example.org") for values in students if "email" in values)
    digits = ["".join(filter(str.isdecimal, values["phone"])) for values in students if "phone" in values]
    assert all(number[-10:].startswith("59") for number in digits)
    assert 0 < sum("email" in values for values in students) < len(students) / 2
    assert len(digits) < len(students)


def test_the_shares_of_the_origins_are_thousandths() -> None:
    assert sum(origin.weight for origin in ORIGINS) == 1_000


@pytest.mark.slow
def test_a_hundred_thousand_are_streamed_in_seconds() -> None:
    begun = time.perf_counter()
    assert sum(1 for _ in made_up_students(100_000)) == 100_000
    assert time.perf_counter() - begun < 30  # 3 to 5 s on a small shared machine


def test_h9_resources_are_found_and_their_origin_and_licence_are_told() -> None:
    told = resource("demo/README.md").read_text(encoding="utf-8")
    for file in resource("demo").glob("*.csv"):
        assert f"`{file.name}`" in told
    assert "CC0-1.0" in told
    with pytest.raises(ResourceMissingError, match=r"no-such\.csv"):
        resource("demo/no-such.csv")
    with pytest.raises(ValueError, match="leads out"):
        resource(str(Path("..") / "pyproject.toml"))
