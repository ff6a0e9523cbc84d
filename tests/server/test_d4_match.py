"""D4: the server tells who may be the person that somebody is about to register; nobody is refused."""

from typing import Any

import pytest

from rollbook.contract.operations import Kind
from support.school_server import Desk, SchoolServer
from support.taught_section import record

MATCH = "/api/v1/students/match"
BORN = "2014-03-01"
MARIA = {"family_name": "Παπαδοπούλου", "given_name": "Μαρία", "birth_date": BORN, "phone": "210-1234567"}


def ask(desk: Desk, **values: Any) -> list[dict[str, Any]]:
    answer = desk.call("POST", MATCH, json={"values": values})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["candidates"]
    return found


@pytest.mark.parametrize(
    ("values", "reasons", "likely"),
    [
        (
            {"family_name": "Papadopoulou", "given_name": "Maria", "birth_date": BORN},
            "name-and-birth-date",
            1,
        ),
        (
            {"family_name": "Maria", "given_name": "PAPADOPOULOU", "birth_date": BORN},
            "name-and-birth-date",
            1,
        ),
        ({"family_name": "Παπαδοπούλου", "given_name": "Μαρία Ελένη", "birth_date": BORN}, None, 1),
        ({"family_name": "Papadopoylou", "given_name": "Maria", "phone": "+30 2101234567"}, "name phone", 1),
        ({"family_name": "Papadopoulou", "given_name": "Maria"}, "name", 0),
        ({"given_name": "Nikos", "phone": "2101234567"}, "phone", 0),
    ],
)
def test_d4_candidates_come_with_reasons_and_a_score(
    school: SchoolServer, values: dict[str, str], reasons: str | None, likely: int
) -> None:
    desk = school.desk()
    made = desk.student(**MARIA)
    desk.student(family_name="Παπαδοπούλου", given_name="Νίκος", birth_date="2011-01-01")
    [found] = ask(desk, **values)
    assert found["id"] == made
    assert " ".join(found["reasons"]) == (reasons or "name-and-birth-date")
    assert (found["likely"], found["archived"]) == (bool(likely), False)
    assert desk.call("GET", found["href"]).json()["id"] == made
    assert desk.student(**values)  # namesakes are allowed


def test_d4_another_birth_date_or_nothing_known_offers_nobody(school: SchoolServer) -> None:
    desk = school.desk()
    desk.student(**MARIA)
    assert ask(desk, family_name="Papadopoulou", given_name="Maria", birth_date="2015-03-01") == []
    assert ask(desk) == []
    assert ask(school.desk(), birth_date=BORN, given_name="Someone", family_name="Else") == []


def test_d4_the_likeliest_stand_first_and_an_archived_number_is_offered(school: SchoolServer) -> None:
    desk = school.desk()
    number = desk.student(given_name="Other", student_number="007")
    desk.push(desk.archive(number, 1))
    person = desk.student(**MARIA)
    found = ask(desk, **(MARIA | {"student_number": "007"}))
    assert [(each["id"], each["archived"]) for each in found] == [(person, False), (number, True)]
    assert found[0]["score"] > found[1]["score"]


def test_d4_a_merged_record_leads_to_the_one_that_is_shown(school: SchoolServer) -> None:
    desk = school.desk()
    kept = desk.student(given_name="Maria", family_name="Married", birth_date=BORN)
    other = desk.student(**MARIA)
    merge = record(desk, "merge", kept_id=kept, merged_id=other)
    [applied] = desk.push(merge)
    assert applied.outcome == "applied", applied
    [found] = ask(desk, **MARIA)
    assert (found["id"], found["label"]) == (kept, "Maria Married")
    desk.push(desk.operation(Kind.ARCHIVE, merge.entity_id, entity="merge", base_version=1))
    [found] = ask(desk, **MARIA)
    assert found["id"] == other


def test_d4_values_that_cannot_be_are_told_at_their_field(school: SchoolServer) -> None:
    answer = school.desk().call("POST", MATCH, json={"values": {"birth_date": "soon", "shoe": "40"}})
    assert answer.status_code == 422
    assert {each["field"] for each in answer.json()["errors"]} == {"birth_date", "shoe"}
