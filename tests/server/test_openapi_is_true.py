"""What the server says of itself in its OpenAPI page is so (R15): asked with what fits it and what does not.

Schemathesis makes the requests, over a real socket, and checks every answer in all its ways.
Of the endpoints that are made from the registry, the students' stand for those of the other entities; that
each entity's forms are what its description says is shown without a server (``test_h1_forms_of_records.py``).
``ROLLBOOK_OPENAPI_EXAMPLES=N`` makes more requests for each endpoint, of every entity and on both databases.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS, load_all_checks

from rollbook.domain.roles import Role
from rollbook.domain.student import STUDENT
from rollbook.server.app import create_app
from support.every_endpoint import general_name, generated_for
from support.school_server import SchoolServer, settings_for
from support.served import served

MORE = "ROLLBOOK_OPENAPI_EXAMPLES"
EXAMPLES = int(os.environ.get(MORE, "3"))
POSTGRES = pytest.param("postgres", marks=pytest.mark.postgres)
DATABASES = ["sqlite", POSTGRES] if MORE in os.environ else [POSTGRES]
METRICS_TOKEN = "a-token-for-metrics"
FITS = "positive_data_acceptance"
DOES_NOT_FIT = "negative_data_rejection"
EXCUSED: dict[str, tuple[str, str]] = {
    "PATCH /api/v1/{plural}/{id}": (FITS, "without If-Match the body must say what was seen"),
    "GET /api/v1/{plural}": (FITS, "a filter's text is more than space and invisible characters"),
    "POST /api/v1/{plural}": (FITS, "records have rules, and what they name must be there"),
    "PUT /api/v1/sections/{section_id}/registers/{date}/{period}": (FITS, "codes are the school's own"),
    "PUT /api/v1/sections/{section_id}/results": (FITS, "students and line items are the section's own"),
    "GET /api/v1/search": (FITS, "a cursor is one that the search gave"),
    "POST /api/v1/students/match": (FITS, "values are of the student's fields"),
    "POST /api/v1/reports": (FITS, "what a report takes depends on its kind"),
    "POST /api/v1/numbers/blocks": (FITS, "few fields have a series of numbers"),
    "POST /api/v1/numbers/blocks/live": (FITS, "likewise, and a block begins before it ends"),
    "PUT /api/v1/files/chunks/{sha256}": (FITS, "the address is the sum of what is sent"),
    "POST /api/v1/sync/push": (DOES_NOT_FIT, "each entry has a result of its own"),
    "POST /api/v1/sync/proposals": (DOES_NOT_FIT, "each entry has a result of its own"),
    "POST /api/v1/recovery/offer": (DOES_NOT_FIT, "each version has a result of its own"),
}
"""What no description of forms can say, for one endpoint and one check each."""


def _described() -> Any:
    """The page, of an application that is asked nothing else: it connects at the first need."""
    app = create_app(settings_for("postgresql+psycopg://nobody@nowhere/none", Path("unused")))
    page = schemathesis.openapi.from_dict(app.openapi())
    load_all_checks()
    page.config.generation.with_security_parameters = False  # a token is shown below; one check leaves it out
    checks = page.config.checks
    # 410 and 412: the form is right, and what it names is not (any more) there or has changed.
    checks.positive_data_acceptance.expected_statuses += ["410", "412"]
    checks.negative_data_rejection.expected_statuses += ["410", "412", "413"]
    checks.missing_required_header.expected_statuses += ["428"]
    return page


def _stands_for_others(path: str) -> bool:
    return generated_for(path) in (None, STUDENT)


SCHEMA = _described()
if MORE not in os.environ:
    SCHEMA = SCHEMA.include(lambda context: _stands_for_others(context.operation.path))


@dataclass(frozen=True)
class Asked:
    """Where the server is, and what an administrator shows it."""

    url: str
    token: str
    device: str
    session: requests.Session


@pytest.fixture(scope="module")
def asked(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    server = SchoolServer(
        database,
        tmp_path_factory.mktemp("openapi"),
        sign_in_attempts=10**9,
        sign_in_attempts_per_address=10**9,
        metrics_token=METRICS_TOKEN,
    )
    server.parts.wakeups.close()  # a stream of events ends at once
    desk = server.desk(Role.ADMINISTRATOR)
    with served(server.app) as port, requests.Session() as session:
        yield Asked(f"http://127.0.0.1:{port}", desk.session.access_token, desk.device, session)
    server.close()


@pytest.mark.parametrize("database", DATABASES, indirect=True)
@SCHEMA.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_r15_the_openapi_page_is_true(case: Any, asked: Asked) -> None:
    if case.meta.generation.mode.is_positive:
        case.body = _whole(case.body)
    shown = METRICS_TOKEN if case.path == "/metrics" else asked.token
    check, _why = EXCUSED.get(general_name(case.method, case.path), (None, ""))
    case.call_and_validate(
        base_url=asked.url,
        session=asked.session,
        headers={"Authorization": f"Bearer {shown}"},
        excluded_checks=[] if check is None else [CHECKS.get_one(check)],
    )


def _whole(value: Any) -> Any:
    """For JSON Schema 7.0 is an integer; our server takes it as 7 alone, as every program writes it."""
    if isinstance(value, dict):
        return {name: _whole(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_whole(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
