"""Search over all records: as the window's finds, by who may see them, from an index (D5, S23)."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, event

from rollbook.contract.operations import Kind
from rollbook.domain.roles import Role
from rollbook.server.search.words import LONGEST_WORD
from rollbook.server.sync.new_records import store_new
from support.school_server import Desk, SchoolServer
from support.search_words import words_due, words_kept
from support.taught_section import record

SEARCH = "/api/v1/search"


def ask(desk: Desk, q: str, **params: Any) -> Any:
    answer = desk.call("GET", SEARCH, params={"q": q, **params})
    assert answer.status_code == 200, answer.text
    return answer.json()


def labels(desk: Desk, q: str, **params: Any) -> list[str]:
    return [found["label"] for found in ask(desk, q, **params)["results"]]


def words(school: SchoolServer) -> list[tuple[str, ...]]:
    query = "SELECT word, entity, record_id, sort_name FROM search_word WHERE school_id = :school"
    return sorted(tuple(row) for row in school.rows(query))


def test_d5_a_student_is_found_by_any_order_without_accents_by_number_and_phone(school: SchoolServer) -> None:
    desk = school.desk()
    student = desk.student(
        given_name="Élodie", family_name="Müller", student_number="007", phone="06 12 34 56 78"
    )
    desk.student(given_name="Elias", family_name="Meier", student_number="1007", phone="0712")
    named = {"entity": "student", "id": student, "label": "Élodie Müller (007)"}
    for asked in ("Élodie Müller", "muller elodie", "mul el", "ELO", "007", "0612", "0612345678", "06 12 34"):
        assert ask(desk, asked)["results"] == [named | {"href": f"/api/v1/students/{student}"}], asked
    assert desk.call("GET", f"/api/v1/students/{student}").json()["id"] == student


def test_d5_greek_is_found_by_its_latin_form(school: SchoolServer) -> None:
    desk = school.desk()
    desk.student(given_name="Γιώργος", family_name="Παπαδόπουλος")
    desk.student(given_name="Μαρία", family_name="Ιωάννου")
    for asked in ("Γιώργος", "γιωργος παπ", "giorgos", "papad gior", "Papadopoulos"):
        assert labels(desk, asked) == ["Γιώργος Παπαδόπουλος"], asked


def test_d5_a_greek_name_is_found_however_it_is_typed(school: SchoolServer) -> None:
    desk = school.desk()
    made = desk.student(given_name="Χρήστος", family_name="Παπαδοπούλου-O'Brien", phone="+30 210 1234567")
    for asked in ("xristos", "hristos papadopoyloy", "obrien", "o'brien", "2101234567", "+302101234567"):
        assert [each["id"] for each in ask(desk, asked)["results"]] == [made], asked


def test_d5_all_kinds_of_records_are_found_in_the_order_of_their_names(school: SchoolServer) -> None:
    desk = school.desk()
    made = [
        record(desk, "contact", str(uuid.uuid4()), family_name="Marin", given_name="Zoe", phone="555 0001"),
        record(desk, "section", str(uuid.uuid4()), title="Marine biology"),
        record(desk, "course", str(uuid.uuid4()), title="Marble cutting", course_code="MAR1"),
        record(desk, "student", str(uuid.uuid4()), family_name="Marin", given_name="Anna"),
    ]
    assert {result.outcome for result in desk.push(*made)} == {"applied"}
    assert labels(desk, "mar") == ["Marble cutting", "Anna Marin", "Zoe Marin", "Marine biology"]
    assert labels(desk, "mar", entity=["section", "contact"]) == ["Zoe Marin", "Marine biology"]
    assert labels(desk, "mar an") == ["Anna Marin"]
    assert labels(desk, "arin") == []
    assert labels(desk, "- . !") == []
    assert labels(desk, "5550001") == ["Zoe Marin"]


def test_d5_pages_hold_each_record_once(school: SchoolServer) -> None:
    desk = school.desk()
    for number in range(7):
        desk.student(given_name=f"Ana{number % 2} Anabel", family_name="Anders")
    pages: list[list[str]] = []
    cursor: dict[str, str] = {}
    while True:
        page = ask(desk, "an", limit=3, **cursor)
        pages.append([each["id"] for each in page["results"]])
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert [len(page) for page in pages] == [3, 3, 1]
    assert len({each for page in pages for each in page}) == 7


def test_d5_the_words_follow_the_record(school: SchoolServer) -> None:
    desk = school.desk()
    student = desk.student(given_name="Before", phone="1")
    desk.push(desk.update(student, 1, given_name=("Before", "After")))
    assert (labels(desk, "before"), labels(desk, "after")) == ([], ["After"])
    was = words(school)
    desk.push(desk.update(student, 2, email=(None, "e@example.org")))  # not searched
    assert words(school) == was
    desk.push(desk.archive(student, 3))
    assert (labels(desk, "after"), words(school)) == ([], [])
    back = msgspec.structs.replace(desk.create(student, given_name="Back"), base_version=4)
    assert desk.push(back)[0].outcome == "applied"
    assert labels(desk, "back") == ["Back"]


def test_d4_who_was_entered_under_another_id_is_found_once(school: SchoolServer) -> None:
    desk = school.desk()
    student = desk.student(given_name="Eleni")
    alias = desk.operation(Kind.ALIAS, student, base_version=1, alias=str(uuid.uuid4()))
    assert desk.push(alias)[0].outcome == "applied"
    assert [each["id"] for each in ask(desk, "eleni")["results"]] == [student]


def test_s23_only_what_one_may_see_is_found(school: SchoolServer, tmp_path: Any) -> None:
    desk = school.desk()
    desk.student(given_name="Eleni")
    assert labels(school.desk(Role.VIEWER), "eleni") == ["Eleni"]
    assert school.desk(Role.SUPPORT).call("GET", SEARCH, params={"q": "eleni"}).status_code == 403
    other = SchoolServer(school.settings.database, tmp_path)
    assert labels(other.desk(), "eleni") == []
    other.close()


def test_d5_what_the_server_itself_makes_is_found(school: SchoolServer) -> None:
    made = [
        ("student", str(uuid.uuid4()), {"given_name": "Eleni"}),
        ("course", str(uuid.uuid4()), {"title": "Art"}),
    ]
    school.write(lambda connection: store_new(connection, school.clock, school.school_id, made))
    desk = school.desk()
    assert (labels(desk, "eleni"), labels(desk, "art")) == (["Eleni"], ["Art"])
    assert words_kept(school) == words_due(school)


def test_d5_a_question_that_is_none_is_told(school: SchoolServer) -> None:
    desk = school.desk()
    for params, at in (
        ({}, "q"),
        ({"q": ""}, "q"),
        ({"q": "x" * 201}, "q"),
        ({"q": "x", "entity": "care"}, "entity"),
        ({"q": "x", "limit": 0}, "limit"),
    ):
        answer = desk.call("GET", SEARCH, params=params)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, at), params
    for cursor in ("x", "student:" + str(uuid.uuid4()), "WyJhIl0=", "é", "WyJhIiwiYiIsIlx1MDAwMCJd"):
        answer = desk.call("GET", SEARCH, params={"q": "x", "cursor": cursor})
        assert (answer.status_code, answer.json()["error"]) == (422, "validation-failed"), cursor
    assert labels(desk, "\x00'\"; DROP TABLE %_*") == []


def test_d5_a_very_long_word_is_found_by_its_beginning(school: SchoolServer) -> None:
    desk = school.desk()
    desk.student(given_name="x" * 200, native_name="北" * 200)
    assert len(labels(desk, "x" * 150)) == 1
    assert max(len(row[0]) for row in words(school)) == LONGEST_WORD


def test_d5_it_is_an_index_that_answers(school: SchoolServer) -> None:
    """No plan for a word, or for several, reads the table through."""
    desk, plans = school.desk(), []
    desk.student(given_name="Eleni")
    with asked_plans(school, plans):
        ask(desk, "eleni papa")
    told = "\n".join(plans)
    if school.parts.database.engine.dialect.name == "sqlite":
        assert "SCAN search_word" not in told
        assert "word>? AND word<?" in told
        assert "USING INDEX ix_search_word_record" in told  # the second word, of each record alone
    else:
        assert "Seq Scan on search_word" not in told
        assert "word >= " in told


@contextmanager
def asked_plans(school: SchoolServer, plans: list[str]) -> Iterator[None]:
    """Keeps the plans of what is asked of the words meanwhile, as they would be for a large school."""
    engine = school.parts.database.engine
    sqlite = engine.dialect.name == "sqlite"

    def explain(connection: Connection, _cursor: Any, statement: str, parameters: Any, *_others: Any) -> None:
        if statement.startswith("SELECT DISTINCT search_word"):
            raw = connection.connection.cursor()
            if not sqlite:
                raw.execute("SET LOCAL enable_seqscan = off")  # three rows are read through by anybody
            raw.execute(("EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN ") + statement, parameters)
            plans.extend(str(row[-1]) for row in raw.fetchall())

    event.listen(engine, "before_cursor_execute", explain)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", explain)


def test_s28_the_migration_finds_the_words_that_a_write_would_have_kept(school: SchoolServer) -> None:
    desk = school.desk()
    desk.student(given_name="Γιώργος", family_name="O'Neill", phone="210 123 4567", student_number="007")
    archived = desk.student(given_name="Gone")
    desk.push(desk.archive(archived, 1))
    for entity, values in {
        "staff": {"native_name": "Ζωή", "staff_number": "S-1"},
        "contact": {"family_name": "Marin", "mobile": "0699 11", "email": "m@example.org"},
        "academic_session": {
            "title": "Year 2026",
            "type": "school_year",
            "start_date": "2026-09-01",
            "end_date": "2027-06-30",
        },
        "attendance_code": {"key": "Q", "title": "Quiet", "counts_as": "present"},
        "course": {"title": "Geometry", "course_code": "G1", "subject": "Maths"},
    }.items():
        assert desk.push(record(desk, entity, str(uuid.uuid4()), **values))[0].outcome == "applied"
    kept = words(school)
    assert len(kept) > 20

    def back_and_forth(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", "rollbook.server:migrations")
        config.attributes["connection"] = connection
        command.downgrade(config, "0017")
        command.upgrade(config, "head")

    school.write(back_and_forth)
    assert words(school) == kept
