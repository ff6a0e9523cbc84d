"""Who may ask what (R14, R15): one table of every endpoint and every role, none left out.

A new endpoint has no row and fails the test: whoever makes it says here for whom it is. Of the endpoints that
are made from the registry, all of the students' are asked; of each other entity, whose description decides,
the list and the making of a record: the rest of its addresses ask for the same two rights by the same code.
"""

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from rollbook.domain.files import hash_of
from rollbook.domain.roles import RIGHTS, Role
from rollbook.domain.student import STUDENT
from support.every_endpoint import OPENAPI_PAGE, Endpoint, every_endpoint
from support.school_server import AsgiClient, Desk, SchoolServer
from support.whole_school import things_of

ROLES = ("administrator", "registrar", "teacher", "viewer", "support", "of another school", "signed out")
ALLOWED, FORBIDDEN, WHO = "+", "-", "?"
"""May ask, whatever the answer is; 403; 401."""
PLANTED = "Zyxwvutia"

TABLE = {
    # administrator, registrar, teacher, viewer, support, of another school, signed out
    # for everybody
    f"GET {OPENAPI_PAGE}": "+++++++",
    "GET /healthz": "+++++++",
    "GET /readyz": "+++++++",
    "GET /metrics": "+++++++",
    "GET /api/v1/server": "+++++++",
    "GET /help": "+++++++",
    "GET /help/style.css": "+++++++",
    "GET /help/{key}": "+++++++",
    "POST /api/v1/auth/sign-in": "+++++++",
    "POST /api/v1/auth/sign-out": "+++++++",
    # by a token of its own: the one that is sent here is nobody's
    "POST /api/v1/auth/refresh": "???????",
    # for every member of the school: each is told of their own, or of what they may see
    "POST /api/v1/sync/push": "+++++-?",
    "POST /api/v1/sync/receipts": "+++++-?",
    "GET /api/v1/sync/changes": "+++++-?",
    "GET /api/v1/sync/snapshot": "+++++-?",
    "GET /api/v1/sync/events": "+++++-?",
    "POST /api/v1/files/missing": "+++++-?",
    "POST /api/v1/sync/proposals": "+++++-?",
    "POST /api/v1/sync/report": "+++++-?",
    "GET /api/v1/reports/{job_id}": "+++++-?",
    "GET /api/v1/jobs": "+++++-?",
    "GET /api/v1/jobs/{job_id}": "+++++-?",
    "DELETE /api/v1/jobs/{job_id}": "+++++-?",
    "POST /api/v1/recovery/missing": "+++++-?",
    "POST /api/v1/recovery/offer": "+++++-?",
    "POST /api/v1/recovery/erased": "+++++-?",
    "GET /api/v1/sync/erased": "+++++-?",
    "GET /api/v1/weather/{location}": "+++++-?",
    # for who may read students
    "GET /api/v1/sync/snapshot/{entity}": "++++--?",
    "GET /api/v1/files/chunks/{sha256}": "++++--?",
    "POST /api/v1/reports": "++++--?",
    "GET /api/v1/dashboard": "++++--?",
    "GET /api/v1/analytics/students/{student_id}": "++++--?",
    "GET /api/v1/analytics/sections/{section_id}": "++++--?",
    "GET /api/v1/search": "++++--?",
    "POST /api/v1/students/match": "++++--?",
    "GET /api/v1/analytics/risk": "++++--?",
    "GET /api/v1/sections/{section_id}/registers/{date}/{period}": "++++--?",
    "GET /api/v1/sections/{section_id}/results": "++++--?",
    # for who may write marks
    "PUT /api/v1/sections/{section_id}/registers/{date}/{period}": "+++---?",
    "PUT /api/v1/sections/{section_id}/results": "+++---?",
    # for who may write students, and decide what others propose
    "POST /api/v1/numbers/blocks": "++----?",
    "POST /api/v1/numbers/blocks/live": "++----?",
    "PUT /api/v1/files/chunks/{sha256}": "++----?",
    "GET /api/v1/sync/proposals": "++----?",
    "GET /api/v1/sync/proposals/{number}": "++----?",
    "POST /api/v1/sync/proposals/{number}/accept": "++----?",
    "POST /api/v1/sync/proposals/{number}/decline": "++----?",
    # for the administrator
    "GET /api/v1/devices": "+-----?",
    "GET /api/v1/users": "+-----?",
    "GET /api/v1/audit": "+-----?",
    "POST /api/v1/erasures/preview": "+-----?",
    "POST /api/v1/erasures": "+-----?",
    "POST /api/v1/devices/{device}/revoke": "+-----?",
    "GET /api/v1/recovery": "+-----?",
    "POST /api/v1/recovery/end": "+-----?",
    # for who may diagnose
    "GET /api/v1/diagnostics": "+---++?",
    "GET /api/v1/diagnostics/queries/slow": "+---++?",
    "GET /api/v1/diagnostics/queries/slow/{shape_id}/plan": "+---++?",
    # for everybody who is signed in, about their own requests and those of a school where they may look
    "GET /api/v1/diagnostics/requests/{request_id}": "++++++?",
}
"""For whom each endpoint is; the columns are those of :data:`ROLES`."""

OF_RECORDS = {
    # who reads them, and who writes them; columns as above
    "schools": ("+++++-?", "-------"),
    "sessions": ("++++--?", "++----?"),
    "attendance-codes": ("++++--?", "++----?"),
    "grade-scales": ("++++--?", "++----?"),
    "courses": ("++++--?", "++----?"),
    "staff": ("++++--?", "++----?"),
    "merges": ("++++--?", "++----?"),
    "sections": ("++++--?", "++----?"),
    "section-teachers": ("++++--?", "++----?"),
    "section-enrolments": ("++++--?", "++----?"),
    "students": ("++++--?", "++----?"),
    "contacts": ("++++--?", "++----?"),
    "student-contacts": ("++++--?", "++----?"),
    "enrolments": ("++++--?", "++----?"),
    "care": ("++----?", "++----?"),
    "notes": ("++++--?", "+++---?"),
    "categories": ("++++--?", "+++---?"),
    "line-items": ("++++--?", "+++---?"),
    "registers-taken": ("++++--?", "+++---?"),
    "attendance-marks": ("++++--?", "+++---?"),
    "results": ("++++--?", "+++---?"),
    "final-grades": ("++++--?", "+++---?"),
}
"""For whom the records of each entity are, by its word in addresses."""

BODIES: dict[str, Any] = {
    "POST /api/v1/numbers/blocks": {"id": "a-block-of-mine", "entity": "student", "field": "student_number"},
    "POST /api/v1/numbers/blocks/live": {
        "blocks": [
            {
                "id": "a-block-of-mine",
                "entity": "student",
                "field": "student_number",
                "prefix": "",
                "digits": 0,
                "first": 1,
                "last": 20,
            }
        ]
    },
}
"""Bodies that come as far as the question of rights."""


@pytest.fixture(scope="module")
def server(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SchoolServer]:
    made = SchoolServer(database, tmp_path_factory.mktemp("roles"))
    made.parts.wakeups.close()  # a stream of events ends at once
    yield made
    made.close()


@pytest.fixture(scope="module")
def people(server: SchoolServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Desk | None]:
    """One of each role; each with rights of the table of the domain, and none of a role that is not in it."""
    other = SchoolServer(server.settings.database, tmp_path_factory.mktemp("other"))
    found: dict[str, Desk | None] = {role.value: server.desk(role) for role in Role}
    found["of another school"] = server.desk(name=server.user(Role.ADMINISTRATOR, school_id=other.school_id))
    found["signed out"] = None
    other.close()
    assert tuple(found) == ROLES
    return found


@pytest.fixture(scope="module")
def known(server: SchoolServer) -> dict[str, str]:
    """What stands in the paths: things that there are."""
    return things_of(server.desk(Role.ADMINISTRATOR)) | {"entity": "student"}


def asked(
    server: SchoolServer, desk: Desk | None, endpoint: Endpoint, known: dict[str, str]
) -> httpx.Response:
    """The answer of one endpoint to one person."""
    headers = {"Content-Type": "application/json"} if desk is None else desk.headers
    headers = headers | {
        "X-Rollbook-School": server.school_id,
        "Idempotency-Key": str(uuid.uuid4()),
        "If-Match": '"999"',
    }
    body: dict[str, Any] = {"json": BODIES.get(endpoint.name, endpoint.body())}
    url = endpoint.url(known)
    if endpoint.method == "PUT" and "sha256" in endpoint.places:
        content = str(uuid.uuid4()).encode()
        body, url = {"content": content}, endpoint.url(known | {"sha256": hash_of(content)})
    query = endpoint.needed_query()
    return AsgiClient(server.app).request(endpoint.method, url, headers=headers, params=query, **body)


def mark_of(answer: httpx.Response) -> str:
    assert answer.status_code < 500, answer.text
    if answer.status_code == 401 and answer.json()["error"] == "not-signed-in":
        return WHO
    return FORBIDDEN if answer.status_code == 403 else ALLOWED


def row_of(endpoint: Endpoint) -> str | None:
    if endpoint.entity is None:
        return TABLE.get(endpoint.name)
    return OF_RECORDS.get(endpoint.entity.plural, ("", ""))[endpoint.method != "GET"]


def test_r15_every_endpoint_is_for_whom_the_table_says(
    server: SchoolServer, people: dict[str, Desk | None], known: dict[str, str]
) -> None:
    wrong = []
    for endpoint in every_endpoint(server.app):
        if endpoint.entity not in (None, STUDENT) and endpoint.places:
            continue
        row = row_of(endpoint)
        found = "".join(mark_of(asked(server, people[role], endpoint, known)) for role in ROLES)
        if row is None:
            wrong.append(f"{endpoint.name}: has no row; say for whom it is (now it is {found})")
        elif row != found:
            wrong.append(f"{endpoint.name}: {found}, and the table says {row}")
    assert not wrong, "\n" + "\n".join(wrong)


def test_r15_the_table_names_no_endpoint_that_is_gone(server: SchoolServer) -> None:
    found = every_endpoint(server.app)
    assert set(TABLE) - {endpoint.name for endpoint in found} == set()
    assert set(OF_RECORDS) - {each.entity.plural for each in found if each.entity is not None} == set()


MAY_WRITE = {"administrator", "registrar"}


def test_r15_who_may_only_read_is_refused_each_entry_of_a_push(people: dict[str, Desk | None]) -> None:
    """Every member may push: it is each entry that needs the right, so that one refusal stops no other."""
    found = {}
    for role in (role.value for role in Role):
        desk = people[role]
        assert desk is not None
        [result] = desk.push(desk.create(given_name="Eleni"))
        found[role] = result.problem.error if result.problem else result.outcome.value
    assert found == {role.value: "applied" if role.value in MAY_WRITE else "forbidden" for role in Role}


def test_r15_who_may_read_no_pupil_gets_none_by_any_way(
    server: SchoolServer, people: dict[str, Desk | None], known: dict[str, str]
) -> None:
    """Whatever support and strangers ask, no answer holds the name of a student."""
    writer = people["registrar"]
    assert writer is not None
    student_id = writer.student(given_name=PLANTED)
    for role in ("support", "of another school", "signed out"):
        for endpoint in every_endpoint(server.app):
            if endpoint.entity not in (None, STUDENT):
                continue  # the same code, and not about this student
            answer = asked(server, people[role], endpoint, known | {"student_id": student_id})
            assert PLANTED not in answer.text, (role, endpoint.name)
    plain = asked(server, writer, by_name(server, "GET /api/v1/sync/changes"), known)
    assert PLANTED in plain.text


def by_name(server: SchoolServer, name: str) -> Endpoint:
    return next(each for each in every_endpoint(server.app) if each.name == name)


def test_r15_rights_are_said_in_one_place() -> None:
    """Every role has its rights in the domain's table; none has more than the administrator."""
    assert set(RIGHTS) == set(Role)
    assert all(rights <= RIGHTS[Role.ADMINISTRATOR] for rights in RIGHTS.values())
