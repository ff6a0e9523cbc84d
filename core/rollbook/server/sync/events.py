"""``GET /api/v1/sync/events``: server-sent events that say only that there is more (S19)."""

from collections.abc import AsyncIterator

from fastapi import APIRouter
from starlette.responses import StreamingResponse

from rollbook.domain.clock import Clock
from rollbook.server.auth.endpoints import InSchool, ServerParts
from rollbook.server.openapi import described
from rollbook.server.sync.wakeups import WakeUps

router = APIRouter(prefix="/api/v1/sync", tags=["sync"])
_ROOM = 2_048  # some proxies hand on nothing before so much has come
OPENING = f":{' ' * _ROOM}\n\n"
MORE = "event: more\ndata: {}\n\n"
STILL_HERE = ": still here\n\n"


@router.get("/events", **described(media_type="text/event-stream"))
def events(parts: ServerParts, caller: InSchool) -> StreamingResponse:
    """Stays open; ends after the life of an access token, so that a withdrawn right ends it too.

    It tells nothing of any record, and whoever belongs to the school has a feed to follow (S23).
    """
    stream = lines_of(
        parts.wakeups,
        parts.clock,
        caller.school_id,
        heartbeat_seconds=parts.settings.events_heartbeat_seconds,
        life_seconds=parts.settings.access_token_seconds,
    )
    headers = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


async def lines_of(
    wakeups: WakeUps, clock: Clock, school_id: str, *, heartbeat_seconds: float, life_seconds: float
) -> AsyncIterator[str]:
    """The text of the stream."""
    end = clock.monotonic() + life_seconds
    yield OPENING
    async for there_is_more in wakeups.more(school_id, heartbeat_seconds):
        yield MORE if there_is_more else STILL_HERE
        if clock.monotonic() >= end:
            return
