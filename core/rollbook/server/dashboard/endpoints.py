"""``/api/v1/dashboard``: what there is, each part by itself (R10)."""

import asyncio
from functools import partial

import anyio.to_thread
from fastapi import APIRouter
from starlette.responses import Response

from rollbook.contract.dashboard import Dashboard
from rollbook.domain.roles import Right
from rollbook.server.auth.endpoints import InSchool, ServerParts
from rollbook.server.dashboard.counts import count_of_students, counts_by_grade_level
from rollbook.server.openapi import described
from rollbook.server.outside.places import place_of
from rollbook.server.telling import Source
from rollbook.server.wire import json_response

router = APIRouter(prefix="/api/v1", tags=["dashboard"])


@router.get("/dashboard", **described(gives="Dashboard"))
async def dashboard(parts: ServerParts, caller: InSchool) -> Response:
    """The school's numbers and its weather; a part that fails says so and leaves the others alone.

    The weather is asked for beside the database: no thread waits for it.
    """
    caller.require(Right.READ_STUDENTS)
    counting = partial(parts.teller.tell, sources_of(caller.school_id), caller.school_id)
    counted, weather = await asyncio.gather(
        anyio.to_thread.run_sync(counting), parts.weather.told(place_of(parts.settings))
    )
    return json_response(Dashboard({**counted, "weather": weather}))


def sources_of(school_id: str) -> dict[str, Source]:
    """The parts of a school that are counted in the database. The same for all who may read its students."""
    return {
        "students": partial(count_of_students, school_id=school_id),
        "grade_levels": partial(counts_by_grade_level, school_id=school_id),
    }
