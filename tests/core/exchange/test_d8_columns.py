"""D8: columns are matched by name, in the words of real files, or as a person says."""

import pytest

from rollbook.domain.entity import FieldType
from rollbook.domain.student import STUDENT
from rollbook.exchange import ColumnMapping, ColumnsError, Use, match_columns


def targets(mapping: ColumnMapping) -> dict[str, str]:
    return {column.heading: column.target for column in mapping.of_use(Use.FIELD)}


def test_h1_every_field_of_a_student_is_matched_by_its_own_name_in_any_spelling() -> None:
    names = [spec.name for spec in STUDENT.fields if spec.type is not FieldType.FILE]  # a photo is no text
    for spelt in (
        names,
        [name.title().replace("_", "") for name in names],
        [name.replace("_", " ").upper() for name in names],
    ):
        assert [column.target for column in match_columns(spelt).columns] == names


def test_d11_oneroster_headings_are_matched() -> None:
    mapping = match_columns(
        ["sourcedId", "status", "orgSourcedIds", "role", "username", "givenName", "familyName",
         "identifier", "email", "sms", "phone", "grades", "password"]
    )  # fmt: skip
    assert targets(mapping) == {
        "sourcedId": "sourced_id", "givenName": "given_name", "familyName": "family_name",
        "identifier": "student_number", "email": "email", "phone": "phone", "grades": "grade_level",
    }  # fmt: skip
    assert mapping.source_system == "oneroster"
    assert {column.heading for column in mapping.of_use(Use.ASIDE)} == {"status", "orgSourcedIds", "role"}


def test_d8_sds_headings_are_matched() -> None:
    mapping = match_columns(
        ["SIS ID", "School SIS ID", "First Name", "Last Name", "Student Number", "Birthdate", "Grade",
         "Secondary Email", "Middle Name", "State ID", "Username"]
    )  # fmt: skip
    assert targets(mapping) == {
        "SIS ID": "sourced_id", "First Name": "given_name", "Last Name": "family_name",
        "Student Number": "student_number", "Birthdate": "birth_date", "Grade": "grade_level",
        "Secondary Email": "email", "Middle Name": "middle_name", "State ID": "national_id",
    }  # fmt: skip
    assert mapping.source_system == "sds"


@pytest.mark.parametrize("change", [str, str.upper, str.lower])
def test_d8_greek_headings_are_matched_whatever_their_case_and_accents(change: type[str]) -> None:
    headings = {
        "Επώνυμο": "family_name", "Όνομα": "given_name", "Αριθμός μητρώου": "student_number",
        "Τάξη": "grade_level", "Τμήμα": "homeroom", "Τηλέφωνο": "phone", "Φύλο": "sex",
        "Ημερομηνία γέννησης": "birth_date", "Διεύθυνση": "address",
    }  # fmt: skip
    assert [column.target for column in match_columns([change(name) for name in headings]).columns] == list(
        headings.values()
    )


def test_d8_a_persons_choice_overrides_the_names() -> None:
    mapping = match_columns(
        ["Last Name", "Code", "Student Number"], {"code": "student_number", "Student Number": None}
    )
    assert targets(mapping) == {"Last Name": "family_name", "Code": "student_number"}


def test_d8_of_two_columns_for_one_field_the_more_exact_wins_and_the_other_is_told() -> None:
    mapping = match_columns(["Last Name", "Mobile", "Phone"])
    assert targets(mapping) == {"Last Name": "family_name", "Phone": "phone"}
    (other,) = mapping.of_use(Use.LEFT_OUT)
    assert other.heading == "Mobile"
    assert "“Phone”" in other.note


def test_d8_unknown_columns_are_named_and_not_guessed() -> None:
    mapping = match_columns(["Last Name", "Shoe size"])
    assert [column.heading for column in mapping.of_use(Use.UNMATCHED)] == ["Shoe size"]


def test_d10_a_password_column_cannot_be_chosen_for_a_field() -> None:
    mapping = match_columns(["Last Name", "Password"], {"Password": "homeroom"})
    assert [column.heading for column in mapping.of_use(Use.SECRET)] == ["Password"]
    assert targets(mapping) == {"Last Name": "family_name"}


def test_d8_name_beside_a_surname_is_the_given_name() -> None:
    assert targets(match_columns(["Name", "Surname"])) == {"Name": "given_name", "Surname": "family_name"}


@pytest.mark.parametrize(
    ("headings", "chosen", "code", "says"),
    [
        (["Grade", "Phone"], {}, "no-name-column", "“Grade”, “Phone”"),
        (["Full Name", "Grade"], {}, "name-not-parted", "Family name"),
        (["Last Name"], {"Last Name": "shoe_size"}, "field-unknown", "family_name"),
        (["Last Name"], {"Vorname": "given_name"}, "column-unknown", "Last Name"),
    ],
)
def test_d8_columns_that_cannot_serve_are_refused_with_what_would(
    headings: list[str], chosen: dict[str, str | None], code: str, says: str
) -> None:
    with pytest.raises(ColumnsError) as refusal:
        match_columns(headings, chosen)
    assert refusal.value.code == code
    assert says in str(refusal.value)
