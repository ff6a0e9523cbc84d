"""The made-up school with everything in it: the same for the same seed, and as good as entered by people."""

from datetime import date
from itertools import islice

import pytest
from sqlalchemy import Connection

from rollbook.domain.canonical import breaches_of, canonical_values
from rollbook.domain.default_set_up import default_set_up
from rollbook.domain.registry import ENTITIES
from rollbook.server.commands.set_up import add_missing
from rollbook.server.demo.whole_school import made_up_school
from rollbook.server.demo.year import year_of
from rollbook.server.sync.new_records import NewRecord, store_new
from rollbook.server.sync.sums import is_right
from support.school_server import SchoolServer

TODAY = date(2026, 11, 27)
SCHOOL = "6b7f3c1e-0000-4000-8000-000000000001"


def made(count: int = 120, seed: int = 1, today: date = TODAY) -> list[NewRecord]:
    """All records of a small school."""
    return [*default_set_up(SCHOOL), *made_up_school(count, seed, today, SCHOOL)]


@pytest.fixture(scope="module")
def school_records() -> list[NewRecord]:
    return made()


def of(records: list[NewRecord], entity: str) -> list[dict[str, object]]:
    """The values of all records of an entity."""
    return [values for name, _id, values in records if name == entity]


def test_h6_the_same_seed_and_day_give_the_same_school(school_records: list[NewRecord]) -> None:
    assert made() == school_records
    others = {record_id for entity, record_id, _ in made(seed=2) if entity == "contact"}
    assert others.isdisjoint(record_id for _, record_id, _ in school_records)


def test_h1_everything_that_a_school_keeps_is_in_it(school_records: list[NewRecord]) -> None:
    assert {entity for entity, _, _ in school_records} == ENTITIES.keys() - {"school", "merge"}


def test_d7_every_record_is_canonical_and_breaks_no_rule(school_records: list[NewRecord]) -> None:
    for entity, _record_id, values in school_records:
        described = ENTITIES[entity]
        canonical, breaches = canonical_values(described, values)
        assert ({name: canonical[name] for name in values}, breaches) == (values, ())
        assert breaches_of(described, dict.fromkeys(described.names) | values) == ()


def test_s16_ids_are_those_that_every_desk_would_give(school_records: list[NewRecord]) -> None:
    assert len({(entity, record_id) for entity, record_id, _ in school_records}) == len(school_records)
    for entity, record_id, values in school_records:
        natural = ENTITIES[entity].natural_id(SCHOOL, values)
        assert natural in (None, record_id), entity


def test_s4_what_is_referred_to_comes_first(school_records: list[NewRecord]) -> None:
    known: set[tuple[str, object]] = set()
    for entity, record_id, values in school_records:
        known.add((entity, record_id))
        for spec in ENTITIES[entity].references:
            if values.get(spec.name) is not None:
                assert (spec.refers_to, values[spec.name]) in known, (entity, spec.name)


def test_d1_registers_are_of_days_that_are_over_and_had_lessons(school_records: list[NewRecord]) -> None:
    days = {str(values["date"]) for values in of(school_records, "register_taken")}
    open_days = {day.isoformat() for day in year_of(TODAY, 1).open_days}
    assert days
    assert days <= open_days
    assert max(days) < TODAY.isoformat()
    assert not {date.fromisoformat(day).weekday() for day in days} & {5, 6}


def test_d2_results_are_within_reach_and_of_work_that_is_due(school_records: list[NewRecord]) -> None:
    items = {record_id: values for entity, record_id, values in school_records if entity == "line_item"}
    results = of(school_records, "result")
    assert len(results) > 200
    for result in results:
        item = items[str(result["line_item_id"])]
        assert str(item["due_date"]) < TODAY.isoformat()
        if "score" in result:
            assert 0 <= float(str(result["score"])) <= float(str(item["maximum"]))


@pytest.mark.parametrize(
    ("today", "title"), [(date(2026, 9, 1), "2026/27"), (date(2026, 7, 1), "2025/26"), (TODAY, "2026/27")]
)
def test_h6_the_school_is_in_the_year_of_the_day(today: date, title: str) -> None:
    years = of(made(20, today=today), "academic_session")
    assert [each["title"] for each in years if each["type"] == "school_year"][-1] == title


def test_s21_the_sums_of_a_made_up_school_are_right(school: SchoolServer) -> None:
    own = school.school_id

    def store(connection: Connection) -> int:
        records = [*default_set_up(own), *made_up_school(40, 1, TODAY, own)]
        return store_new(connection, school.clock, own, records)

    assert school.write(store) > 500
    assert school.write(lambda connection: is_right(connection, own))


def test_d1_a_school_that_lacks_codes_and_scales_gets_them_once(school: SchoolServer) -> None:
    def add(connection: Connection) -> int:
        return add_missing(connection, school.clock, school.school_id)

    assert (school.write(add), school.write(add)) == (9, 0)
    keys = school.rows("SELECT key FROM attendance_code WHERE school_id = :school ORDER BY key")
    assert [row.key for row in keys] == ["A", "E", "L", "O", "P", "X"]


def test_h6_a_large_school_comes_as_a_stream() -> None:
    stream = made_up_school(100_000, 1, TODAY, SCHOOL)
    assert len(list(islice(stream, 5_000))) == 5_000
