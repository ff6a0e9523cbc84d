"""Many writers on PostgreSQL and readers of its feed; the long form is `dev.py bench --writers` (S17)."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL

from benchmarks import writers
from support import postgres
from support.school_server import SchoolServer


@pytest.fixture
def database(superuser: URL, postgres_template: str) -> Iterator[str]:
    """A migrated database on PostgreSQL."""
    name = f"rollbook_{uuid.uuid4().hex}"
    url = postgres.make_database(superuser, name, postgres_template)
    yield url.render_as_string(hide_password=False)
    postgres.drop_database(superuser, name)


@pytest.mark.postgres
def test_s17_every_reader_sees_every_change_once_and_all_in_one_order(database: str, tmp_path: Path) -> None:
    school = SchoolServer(database, tmp_path, pool_size=30, pool_timeout_seconds=60.0, write_attempts=20)
    try:
        course = writers.run(school, changes=600, writers=16, readers=4)
    finally:
        school.close()
    assert course.faults() == []
    assert len(course.written) == 600
    assert all(len(rows) == 600 for rows in course.seen)
    assert course.held_open > 0


def test_s17_the_judge_of_the_feed_finds_what_is_wrong() -> None:
    first, second = ("op1", "a", 1), ("op2", "a", 2)
    assert writers.Course({"op1", "op2"}, [[first, second]]).faults() == []
    for wrong in ([first], [first, second, second], [second, first], [first, second, ("op3", "b", 1)]):
        assert writers.Course({"op1", "op2"}, [[first, second], wrong]).faults()
