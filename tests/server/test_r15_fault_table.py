"""Every endpoint through every fault (R15, R16, R18): a status, a code, an ID, and nothing of anybody.

The endpoints are walked from the application's routes: a new one is in the table by itself. Those that are
made from the registry share all of their code: the students' meet every fault, those of the other entities
the ones of which the description decides the answer (rights, values, what is not found). With
``ROLLBOOK_FAULT_TABLE=FILE`` the table is written down for people.
"""

import asyncio
import json
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine

from rollbook.contract.problems import PROBLEM_TYPES, Problem
from rollbook.domain.roles import Role
from rollbook.domain.student import STUDENT
from rollbook.server.app import create_app
from support import broken_database
from support.every_endpoint import OPENAPI_PAGE, Endpoint, every_endpoint
from support.kept_logs import logging_to
from support.school_server import AsgiClient, Desk, SchoolServer, settings_for
from support.whole_school import least_values, one_of_each, things_of

PLANTED = "Zyxwvutia"
UNTOLD = (PLANTED, "Traceback", "SELECT", "INSERT", "no_table")
"""What no answer to a fault and no line of the log may hold."""
WRITTEN_DOWN = "ROLLBOOK_FAULT_TABLE"
MAX_BODY = 2_048
HURRIED: dict[str, Any] = {
    "pool_size": 4,
    "pool_overflow": 1,
    "pool_timeout_seconds": 0.02,
    "busy_timeout_seconds": 0.005,
    "write_attempts": 2,
    "write_retry_base_seconds": 0.001,
    "max_body_bytes": MAX_BODY,
    "sign_in_attempts": 100_000,
    "sign_in_attempts_per_address": 100_000,
}


@dataclass
class School:
    """An application in a hurry, and the people and things of two schools that it serves."""

    app: FastAPI
    desk: Desk
    expired_token: str
    foreign_school: str
    own: dict[str, str]
    to_archive: dict[str, str]
    foreign: dict[str, str]
    log: Path
    backend: str
    made: Callable[..., FastAPI]
    looked_at: int = 0
    table: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Sent:
    """What is sent to one endpoint."""

    url: str
    headers: dict[str, str]
    content: bytes | None
    query: dict[str, str]


Alter = Callable[[School, Endpoint, Sent], Sent | None]
Answer = tuple[int, str]
AS_USUAL: Answer = (0, "as usual")


def as_it_is(_school: School, _endpoint: Endpoint, sent: Sent) -> Sent:
    return sent


@dataclass(frozen=True)
class Fault:
    """A column of the table. ``alter`` gives ``None`` where the fault cannot meet an endpoint."""

    name: str
    answer: Answer
    put_in: Callable[[Engine], AbstractContextManager[None]] = lambda _engine: nullcontext()
    alter: Alter = as_it_is
    settings: dict[str, Any] = field(default_factory=dict)
    """Of an application of its own, where the fault needs one."""

    def expected(self, endpoint: Endpoint) -> Answer:
        own = EXCEPTIONS.get((self.name, endpoint.name))
        return own or EXCEPTIONS.get((self.name, endpoint.general), self.answer)

    def meets(self, endpoint: Endpoint) -> bool:
        return endpoint.entity in (None, STUDENT) or self.name in BY_DESCRIPTION


def without_json(_school: School, endpoint: Endpoint, sent: Sent) -> Sent | None:
    return Sent(sent.url, sent.headers, b'{"' + PLANTED.encode(), sent.query) if endpoint.takes_json else None


def of_wrong_type(_school: School, endpoint: Endpoint, sent: Sent) -> Sent | None:
    if endpoint.takes_json:
        body = json.dumps(endpoint.body_of_wrong_type()).encode()
        return Sent(sent.url, sent.headers, body, sent.query)
    wrong = endpoint.query_of_wrong_type()
    return Sent(sent.url, sent.headers, sent.content, sent.query | wrong) if wrong else None


def with_unknown_fields(school: School, endpoint: Endpoint, sent: Sent) -> Sent:
    body = (
        json.dumps(body_of(school, endpoint) | {PLANTED: PLANTED}).encode()
        if endpoint.takes_json
        else sent.content
    )
    return Sent(sent.url, sent.headers, body, sent.query | {PLANTED: PLANTED})


def too_large(_school: School, _endpoint: Endpoint, sent: Sent) -> Sent:
    return Sent(sent.url, sent.headers, PLANTED.encode() * MAX_BODY, sent.query)


def as_text(_school: School, endpoint: Endpoint, sent: Sent) -> Sent | None:
    text = sent.headers | {"Content-Type": "text/plain"}
    return Sent(sent.url, text, sent.content, sent.query) if endpoint.takes_json else None


def expired(school: School, endpoint: Endpoint, sent: Sent) -> Sent | None:
    if not endpoint.signed_in:
        return None
    over = {"Authorization": f"Bearer {school.expired_token}"}
    return Sent(sent.url, sent.headers | over, sent.content, sent.query)


def for_another_school(school: School, endpoint: Endpoint, sent: Sent) -> Sent | None:
    if not endpoint.of_a_school:
        return None
    return Sent(
        sent.url, sent.headers | {"X-Rollbook-School": school.foreign_school}, sent.content, sent.query
    )


def about_another_school(school: School, endpoint: Endpoint, sent: Sent) -> Sent | None:
    if not set(endpoint.places) & set(school.foreign):
        return None
    return Sent(endpoint.url(school.foreign), sent.headers, sent.content, sent.query)


def too_late(_school: School, _endpoint: Endpoint, sent: Sent) -> Sent:
    return Sent(sent.url, sent.headers | {"X-Rollbook-Deadline-Ms": "0"}, sent.content, sent.query)


BLOCK = {
    "id": "a-block-of-mine",
    "entity": "student",
    "field": "student_number",
    "prefix": "",
    "digits": 0,
    "first": 1,
    "last": 20,
}
NONE = Fault("none", AS_USUAL)
FAULTS = (
    NONE,
    Fault("database gone", (503, "database-unavailable"), broken_database.gone),
    Fault("database locked", (503, "database-busy"), broken_database.locked),
    Fault("pool exhausted", (503, "overloaded"), broken_database.exhausted),
    # Nothing else has so little time: a busy machine would look like a slow statement.
    Fault(
        "slow statement",
        (504, "deadline-exceeded"),
        broken_database.slow,
        settings={"statement_timeout_seconds": 0.1},
    ),
    Fault("wrong SQL", (500, "internal-error"), lambda each: broken_database.wrong_sql(each, PLANTED)),
    Fault("handler bug", (500, "internal-error"), lambda each: broken_database.defective(each, PLANTED)),
    Fault("deadline over", (504, "deadline-exceeded"), alter=too_late),
    Fault("oversized body", (413, "body-too-large"), alter=too_large),
    Fault("malformed JSON", (400, "malformed-request"), alter=without_json),
    Fault("not said to be JSON", (415, "media-type-unsupported"), alter=as_text),
    Fault("wrong type", (422, "validation-failed"), alter=of_wrong_type),
    Fault("unknown field", AS_USUAL, alter=with_unknown_fields),
    Fault("expired token", (401, "not-signed-in"), alter=expired),
    Fault("foreign school", (403, "forbidden"), alter=for_another_school),
    Fault("foreign record", (404, "not-found"), alter=about_another_school),
)
BY_DESCRIPTION = ("none", "wrong type", "unknown field", "foreign school", "foreign record")
"""The faults whose answer an entity's description decides."""
ASK_NO_DATABASE = (
    "GET /healthz",
    "GET /api/v1/server",
    f"GET {OPENAPI_PAGE}",
    "GET /help",
    "GET /help/style.css",
    "GET /help/{key}",
)
WITHOUT_DATABASE = ("database gone", "database locked", "pool exhausted", "slow statement", "wrong SQL")
EXCEPTIONS: dict[tuple[str, str], Answer] = {
    **{(fault, name): AS_USUAL for fault in (*WITHOUT_DATABASE, "handler bug") for name in ASK_NO_DATABASE},
    **{(fault, "GET /metrics"): AS_USUAL for fault in WITHOUT_DATABASE},
    # These ask nothing more of the database once they know who asks.
    ("handler bug", "GET /api/v1/sync/events"): (200, ""),
    ("handler bug", "GET /api/v1/diagnostics/requests/{request_id}"): (200, ""),
    ("handler bug", "GET /api/v1/diagnostics/queries/slow"): (200, ""),
    ("handler bug", "GET /api/v1/diagnostics/queries/slow/{shape_id}/plan"): (404, "not-found"),
    ("handler bug", "GET /api/v1/weather/{location}"): (200, ""),
    # Each of its parts says that it is not available (R10).
    ("handler bug", "GET /api/v1/dashboard"): (200, ""),
    ("handler bug", "GET /api/v1/diagnostics"): (200, ""),
    # The version that is named is that of before the first time.
    ("unknown field", "DELETE /api/v1/{plural}/{id}"): (412, "version-mismatch"),
    # A filter that was passed over would give all records for some.
    ("unknown field", "GET /api/v1/{plural}"): (422, "validation-failed"),
    # What is sent has not the sum that the address names.
    ("foreign record", "PUT /api/v1/files/chunks/{sha256}"): (422, "validation-failed"),
}
"""Where a fault has another answer than its own."""
BODIES: dict[str, Any] = {
    "POST /api/v1/numbers/blocks": {"id": "a-block-of-mine", "entity": "student", "field": "student_number"},
    "POST /api/v1/numbers/blocks/live": {"blocks": [BLOCK]},
}
"""Bodies that reach the database, where the least of the right form is refused before."""


@pytest.fixture(scope="module")
def school(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    folder = tmp_path_factory.mktemp("faults")
    with logging_to(folder) as log:
        server, other = SchoolServer(database, folder), SchoolServer(database, folder)
        over = server.desk(Role.ADMINISTRATOR)
        server.clock.advance(24 * 3600)

        def made_with(**settings: Any) -> FastAPI:
            given = settings_for(database, folder, **HURRIED, **settings)
            app = create_app(given, server.clock, server.new_id)
            app.state.parts.wakeups.close()  # a stream of events ends at once
            assert AsgiClient(app).get("/api/v1/server").status_code == 200  # it reads once who it is
            return app

        app = made_with()
        desk = server.desk(Role.ADMINISTRATOR)
        made = School(
            app=app,
            desk=desk,
            foreign_school=other.school_id,
            own=things_of(desk, PLANTED) | {"entity": "student"},
            to_archive=one_of_each(desk, "to archive"),
            expired_token=over.session.access_token,
            foreign=things_of(other.desk(Role.ADMINISTRATOR), PLANTED),
            log=log,
            backend=server.parts.database.engine.dialect.name,
            made=made_with,
        )
        for helper in (server, other):
            helper.close()  # nobody but the application holds anything of the database open
        yield made
        write_down(made)
        app.state.parts.database.close()


def body_of(school: School, endpoint: Endpoint) -> Any:
    if endpoint.general == "POST /api/v1/{plural}":
        assert endpoint.entity is not None
        return {"values": least_values(endpoint.entity, school.own, PLANTED)}
    return BODIES.get(endpoint.name, endpoint.body())


def usual(school: School, endpoint: Endpoint) -> Sent:
    """A request of the right form, by somebody who may do everything; a name is in what is not looked at."""
    body = body_of(school, endpoint)
    headers = school.desk.headers | {
        "Idempotency-Key": str(uuid.uuid4()),
        "If-Match": '"1"',
        "X-Request-ID": f"fault-{uuid.uuid4()}",
        "User-Agent": PLANTED,
    }
    content = None if body is None else json.dumps(body).encode()
    if "sha256" in endpoint.places and endpoint.method == "PUT":
        content = school.desk.device.encode()
    if not endpoint.signed_in:
        del headers["Authorization"]
    query = {} if endpoint.general == "GET /api/v1/{plural}" else {"of": PLANTED} | endpoint.needed_query()
    own = school.own | (school.to_archive if endpoint.general == "DELETE /api/v1/{plural}/{id}" else {})
    return Sent(endpoint.url(own), headers, content, query)


async def ask_all(app: FastAPI, sent: dict[Endpoint, Sent]) -> dict[Endpoint, httpx.Response]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://school") as client:
        return {
            endpoint: await client.request(
                endpoint.method, each.url, headers=each.headers, content=each.content, params=each.query
            )
            for endpoint, each in sent.items()
        }


def answers_to(school: School, fault: Fault) -> dict[Endpoint, tuple[Sent, httpx.Response]]:
    requests = {endpoint: usual(school, endpoint) for endpoint in every_endpoint(school.app)}
    altered = {each: fault.alter(school, each, sent) for each, sent in requests.items() if fault.meets(each)}
    sent = {each: request for each, request in altered.items() if request is not None}
    app = school.made(**fault.settings) if fault.settings else school.app
    database = app.state.parts.database
    try:
        with fault.put_in(database.engine):
            answers = asyncio.run(ask_all(app, sent))
    finally:
        if app is not school.app:
            database.close()
    return {endpoint: (sent[endpoint], answer) for endpoint, answer in answers.items()}


def wrong_with(sent: Sent, answer: httpx.Response) -> list[str]:
    """What is wrong with an answer, whatever it says."""
    found = []
    if answer.headers.get("X-Request-ID") != sent.headers["X-Request-ID"]:
        found.append("another request ID in the header")
    if answer.status_code < 400:
        return found
    if answer.headers["Content-Type"] != "application/problem+json":
        return [*found, "no problem"]
    problem = msgspec.json.decode(answer.content, type=Problem)
    if problem.request_id != sent.headers["X-Request-ID"]:
        found.append("another request ID in the body")
    if problem.status != answer.status_code or problem.status != PROBLEM_TYPES[problem.error].status:
        found.append("another status in the body")
    if not (problem.suggestion and problem.timestamp):
        found.append("no suggestion or time")
    if answer.status_code in (429, 503) and not answer.headers.get("Retry-After", "").isdecimal():
        found.append("no Retry-After")
    if answer.status_code == 422 and not problem.errors and not problem.detail:
        found.append("nothing that says what is wrong")
    return found + [f"it tells “{word}”" for word in UNTOLD if word in answer.text]


def said(answer: httpx.Response) -> Answer:
    return answer.status_code, answer.json()["error"] if answer.status_code >= 400 else ""


def wrong_in_log(school: School, answers: dict[Endpoint, tuple[Sent, httpx.Response]]) -> list[str]:
    """What is wrong with what was logged since the last look: one line tells of each request."""
    with school.log.open(encoding="utf-8") as file:
        file.seek(school.looked_at)
        text = file.read()
        school.looked_at = file.tell()
    lines = [json.loads(line) for line in text.splitlines()]
    told = {line["request_id"]: line for line in lines if line["event"] == "request"}
    found = [f"the log tells “{word}”" for word in UNTOLD if word in text]
    for endpoint, (sent, answer) in answers.items():
        line = told.get(sent.headers["X-Request-ID"], {})
        if (line.get("status"), line.get("error", "")) != said(answer):
            found.append(f"{endpoint.name}: logged as {line.get('status')} {line.get('error')}")
        if line.get("route") not in (endpoint.path, "unmatched"):
            found.append(f"{endpoint.name}: logged as {line.get('route')}")
    return found


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.replace(" ", "-"))
def test_r15_every_endpoint_through(fault: Fault, school: School) -> None:
    if fault is not NONE and not school.table:
        judged(school, NONE)  # what is usual, where this fault alone is looked at
    wrong = judged(school, fault)
    assert not wrong, "\n" + "\n".join(wrong)


def judged(school: School, fault: Fault) -> list[str]:
    """What is wrong with the answers to a fault, which go into the table."""
    answers = answers_to(school, fault)
    wrong = wrong_in_log(school, answers)
    for endpoint, (sent, answer) in answers.items():
        got, expected = said(answer), fault.expected(endpoint)
        row = school.table.setdefault(endpoint.name, {})
        row[fault.name] = f"{got[0]} {got[1]}".strip()
        as_usual = row[fault.name] == row[NONE.name] and got[0] < 500
        if not (as_usual if expected is AS_USUAL else got == expected):
            wrong.append(f"{endpoint.name}: {got} and not {expected}")
        wrong += [f"{endpoint.name}: {what}" for what in wrong_with(sent, answer)]
    return wrong


def write_down(school: School) -> None:
    """The table as Markdown, where one is asked for."""
    file = os.environ.get(WRITTEN_DOWN)
    if file:
        names = [fault.name for fault in FAULTS]
        lines = ["| endpoint | " + " | ".join(names) + " |", "| --- " * (len(names) + 1) + "|"]
        for endpoint, row in school.table.items():
            lines.append(f"| {endpoint} | " + " | ".join(row.get(name, "–") for name in names) + " |")
        Path(file).write_text("\n".join(lines) + "\n", encoding="utf-8")
