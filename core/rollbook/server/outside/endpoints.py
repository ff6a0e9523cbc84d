"""``/api/v1/weather``: the weather at the school's place (R12)."""

from fastapi import APIRouter
from starlette.responses import Response

from rollbook.server.auth.endpoints import InSchool, ServerParts
from rollbook.server.openapi import described
from rollbook.server.outside.places import is_called, place_of
from rollbook.server.problems import ProblemError
from rollbook.server.wire import json_response

router = APIRouter(prefix="/api/v1", tags=["weather"])


@router.get("/weather/{location}", **described(gives="DashboardPart"))
async def weather(parts: ServerParts, caller: InSchool, location: str) -> Response:
    """The weather at ``location``: ``school``, or the name that the administrator gave its place.

    Other places are not asked for: what a caller writes never goes outside.
    """
    place = place_of(parts.settings)
    if place is not None and not is_called(place, location):
        raise ProblemError("not-found", "The weather is known for the school's own place only: “school”.")
    return json_response(await parts.weather.told(place))
