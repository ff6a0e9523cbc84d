"""The guide's mistakes in its logs and metrics (R18, R19): ours passes each test."""

import json
import re
import traceback
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from rollbook.server.logs import where_it_broke
from support.kept_logs import logging_to
from support.school_server import SchoolServer

SECRET = "Zyxwvutia"
SAMPLE = re.compile(r"^(rollbook_\w+){(.*)} (\S+)$", re.MULTILINE)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    with logging_to(tmp_path) as file:
        yield file


def lines_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def samples(school: SchoolServer, name: str) -> dict[str, float]:
    """The samples of a metric by their labels."""
    page = school.client.get("/metrics").text
    return {labels: float(value) for found, labels, value in SAMPLE.findall(page) if found == name}


def test_r18_a_date_in_a_line_does_not_hide_the_error_that_it_tells_of(log: Path) -> None:
    values = {"birth_date": date(2015, 3, 1), "at": datetime.now(UTC), "id": uuid.uuid4(), "other": object()}
    with pytest.raises(TypeError):
        json.dumps(values)  # the guide's, inside of its handler
    structlog.get_logger("rollbook.test").error("commit_failed", **values)
    [line] = lines_of(log)
    assert line["event"] == "commit_failed"
    assert "2015" not in str(line)  # of a kind that is unknown, the kind is told


def test_r18_what_the_database_says_of_values_is_neither_logged_nor_sent(
    log: Path, school: SchoolServer
) -> None:
    """PostgreSQL's message is “Key (id)=(…) already exists”, SQLAlchemy's lists what was bound."""
    row = {"id": SECRET, "name": SECRET}
    into = text("INSERT INTO school (id, name, language) VALUES (:id, :name, 'el')")
    told: list[str] = []

    def twice(connection: Any) -> None:
        try:
            connection.execute(into, row)
            connection.execute(into, row)
        except IntegrityError as error:
            told.append(str(error))
            raise

    school.app.add_api_route("/twice", lambda: school.write(twice))
    answer = school.client.get("/twice")
    assert answer.status_code == 409, answer.text
    assert "[SQL parameters hidden" in told[0]
    assert SECRET not in answer.text
    assert [line["event"] for line in lines_of(log)] == ["database_trouble", "request"]
    assert SECRET not in log.read_text(encoding="utf-8")


def test_r18_where_it_broke_is_known_outside_of_the_handler_too() -> None:
    """The guide's ``format_exc()`` outside of ``except`` says “NoneType: None”."""

    def broken() -> None:
        raise ZeroDivisionError

    kept: list[BaseException] = []
    try:
        broken()
    except ZeroDivisionError as error:
        kept.append(error)
    assert traceback.format_exc() == "NoneType: None\n"
    told = where_it_broke(kept[0])
    assert told["error_type"] == "builtins.ZeroDivisionError"
    assert told["frames"][-1].endswith(":broken")


def test_r19_labels_are_route_templates_and_do_not_grow_with_what_is_asked(school: SchoolServer) -> None:
    desk = school.desk()
    for number in range(25):
        desk.call("GET", f"/api/v1/students/{uuid.uuid4()}")
        desk.call("GET", f"/{SECRET}/{number}")
        desk.call(f"M{number}", "/healthz")
    counted = samples(school, "rollbook_requests_total")
    assert counted['method="GET",route="/api/v1/students/{student_id}",status="404"'] == 25
    assert counted['method="GET",route="unmatched",status="404"'] == 25
    assert len(counted) < 10
    assert SECRET not in school.client.get("/metrics").text


def test_r19_what_is_refused_in_good_order_is_counted(school: SchoolServer) -> None:
    """The guide counts only what passes its middleware as an exception: no 401, 404 or 422 does."""
    desk = school.desk()
    school.client.get("/api/v1/students")
    desk.call("GET", "/api/v1/students?limit=x")
    desk.call("GET", f"/api/v1/students/{uuid.uuid4()}")
    counted = samples(school, "rollbook_problems_total")
    assert counted == {
        'code="not-signed-in",route="/api/v1/students"': 1,
        'code="validation-failed",route="/api/v1/students"': 1,
        'code="not-found",route="/api/v1/students/{student_id}"': 1,
    }


def test_r19_a_duration_is_what_its_name_says(school: SchoolServer) -> None:
    """The guide's “recovery seconds” are the time to the failure; ours are of every answer, good or bad."""

    def broken() -> None:
        school.clock.advance(3.0)
        raise RuntimeError

    def fine() -> dict[str, str]:
        school.clock.advance(1.0)
        return {}

    school.app.add_api_route("/timed/broken", broken)
    school.app.add_api_route("/timed/fine", fine)
    school.client.get("/timed/broken")
    school.client.get("/timed/fine")
    took = samples(school, "rollbook_request_seconds_sum")
    assert took['method="GET",route="/timed/broken"'] == 3.0
    assert took['method="GET",route="/timed/fine"'] == 1.0
    assert "recovery_seconds" not in school.client.get("/metrics").text
