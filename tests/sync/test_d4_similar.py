"""D4: who may be the same person is offered, whichever way the name is written; nobody is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.schema.likeness import reasons_for
from support.client_desk import ClientDesk

BORN = "2014-03-01"
MARIA = {"family_name": "Παπαδοπούλου", "given_name": "Μαρία", "birth_date": BORN, "phone": "210-1234567"}


@pytest.mark.parametrize(
    ("family", "given_names", "more", "reasons"),
    [
        ("Papadopoulou", "Maria", {"birth_date": BORN}, "name-and-birth-date"),
        ("Maria", "PAPADOPOULOU", {"birth_date": BORN}, "name-and-birth-date"),
        ("παπαδοπουλου", "μαρια ελενη", {"birth_date": BORN}, "name-and-birth-date"),
        ("Papadopoylou", "Maria", {"phone": "+30 2101234567"}, "name phone"),
        ("Papadopoulou", "Maria", {"birth_date": "2015-03-01"}, ""),
        ("Other", "Nikos", {"phone": "2101234567"}, "phone"),
        ("Other", "Maria", {"birth_date": BORN}, ""),
    ],
)
def test_d4_candidates_are_found_by_name_birth_date_and_phone(
    desk: ClientDesk, family: str, given_names: str, more: dict[str, str], reasons: str
) -> None:
    made, values = desk.add(**MARIA).entity_id, {"family_name": family, "given_name": given_names, **more}
    found = {each.record_id: " ".join(each.reasons) for each in desk.client.similar(values)}
    assert found.get(made, "") == reasons
    assert desk.add(**values)  # namesakes are allowed


def test_d4_who_is_called_otherwise_than_registered_is_offered(desk: ClientDesk) -> None:
    made = desk.add(
        family_name="Κρητικός", given_name="Βασίλειος", preferred_given_name="Βασίλης", birth_date=BORN
    ).entity_id
    [found] = desk.client.similar({"family_name": "Κρητικός", "given_name": "Vasilis", "birth_date": BORN})
    assert (found.record_id, found.reasons) == (made, ("name-and-birth-date",))


def test_d4_a_taken_number_and_an_archived_record_are_offered(desk: ClientDesk) -> None:
    made = desk.add(**MARIA, student_number="7").entity_id
    desk.client.archive("student", made)
    [found] = desk.client.similar({"given_name": "Else", "student_number": "7"})
    assert (found.record_id, found.reasons, found.archived, found.is_likely) == (
        made,
        ("student-number",),
        True,
        True,
    )


def test_d4_the_duplicates_of_a_school_are_pairs(desk: ClientDesk) -> None:
    one = desk.add(**MARIA).entity_id
    two = desk.add(family_name="Papadopoulou", given_name="Maria", birth_date="2014-03-01").entity_id
    desk.add(family_name="Papadopoulou", given_name="Maria", birth_date="2013-03-01")
    [(first, second)] = desk.client.duplicates()
    assert {first.record_id, second.record_id} == {one, two}
    desk.client.merging.merge(one, two)
    assert desk.client.duplicates() == []
    desk.add(family_name="Παπαδοπούλου", given_name="Μαρία Ελένη", birth_date="2013-03-01")
    desk.add(family_name="Nikou", given_name="Ana", phone="210 7654321")
    desk.add(family_name="Νίκου", given_name="Άνα", phone="+30 2107654321")
    found = {first.reasons for first, _second in desk.client.duplicates()}
    assert found == {("name-and-birth-date",), ("name", "phone")}


_WORDS = st.sampled_from(["Maria", "Μαρία", "Pappa", "Παππά", "Eleni", None])
_PEOPLE = st.fixed_dictionaries(
    {
        "family_name": _WORDS,
        "given_name": _WORDS,
        "birth_date": st.sampled_from(["2014-03-01", "2014-03-02", None]),
        "phone": st.sampled_from(["210 1234567", "2101234567", None]),
        "student_number": st.sampled_from(["1", "2", None]),
    }
)


@given(_PEOPLE, _PEOPLE)
def test_d4_likeness_is_the_same_whichever_is_asked_about(one: dict[str, str], other: dict[str, str]) -> None:
    assert reasons_for(one, other) == reasons_for(other, one)
