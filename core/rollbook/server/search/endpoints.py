"""``/api/v1/search``: all records at once, by the words that the window finds them by (D5)."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from rollbook.contract.problems import FieldProblem
from rollbook.server.auth.endpoints import InSchool, ServerParts
from rollbook.server.openapi import described
from rollbook.server.problems import ProblemError
from rollbook.server.records.endpoints import Limit
from rollbook.server.search.reading import SEARCHED, search
from rollbook.server.wire import json_response

router = APIRouter(prefix="/api/v1/search", tags=["search"])
MAX_ASKED = 200
Asked = Annotated[
    str,
    Query(
        min_length=1,
        max_length=MAX_ASKED,
        description="Beginnings of words: of names in any order, without accents, of numbers and phones.",
    ),
]
Kinds = Annotated[
    list[str],
    Query(
        description="Only records of these entities.",
        json_schema_extra={"items": {"type": "string", "enum": list(SEARCHED)}},
    ),
]
Cursor = Annotated[str | None, Query(description="The `next` of the page before.", min_length=1)]


@router.get("", **described(gives="FoundPage"))
def find(
    parts: ServerParts,
    caller: InSchool,
    q: Asked,
    entity: Kinds = [],  # noqa: B006 – it is read only
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """Live records of all kinds that the caller may see, in the order of their names."""
    if not set(entity) <= set(SEARCHED):
        wrong = FieldProblem("entity", "This is not searched.", f"Use {', '.join(SEARCHED)}.", "not-a-choice")
        raise ProblemError("validation-failed", errors=(wrong,))
    return json_response(
        parts.database.read(
            lambda connection: search(connection, caller, q, entity or SEARCHED, cursor, limit)
        )
    )
