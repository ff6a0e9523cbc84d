"""``/api/v1/sync/report`` and ``/api/v1/devices`` (S30)."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from rollbook.contract.devices import DeskReport, Devices, Revoked
from rollbook.contract.headers import DEVICE
from rollbook.domain.roles import Right
from rollbook.server.auth.endpoints import InSchool, ServerParts
from rollbook.server.devices.service import devices, revoke, take_report
from rollbook.server.openapi import described
from rollbook.server.wire import JsonBytes, decoded, json_response

router = APIRouter(prefix="/api/v1", tags=["devices"])


@router.post("/sync/report", **described(takes=DeskReport, status=204, needs=(DEVICE,)))
def report(parts: ServerParts, caller: InSchool, body: JsonBytes) -> Response:
    """How things stand at the computer that sends it."""
    take_report(parts.database, parts.clock, caller, decoded(body, DeskReport))
    return Response(status_code=204)


@router.get("/devices", **described(gives="Devices"))
def list_devices(
    parts: ServerParts,
    caller: InSchool,
    stuck: Annotated[bool, Query(description="Only those that are stuck.")] = False,
    days: Annotated[float | None, Query(gt=0, le=10_000, description="How long is too long.")] = None,
) -> Response:
    """The school's computers as they last reported."""
    caller.require(Right.ADMINISTER)
    too_long = parts.settings.desk_silent_days if days is None else days
    found = parts.database.read(
        lambda connection: devices(connection, parts.clock, caller.school_id, too_long)
    )
    return json_response(Devices([device for device in found if device.why or not stuck]))


@router.post("/devices/{device}/revoke", **described(gives="Revoked"))
def revoke_device(
    parts: ServerParts, caller: InSchool, device: Annotated[str, Path(max_length=64)]
) -> Response:
    """End every session of the school's users at a computer, at once: it was lost, or is given away."""
    caller.require(Right.ADMINISTER)
    ended = parts.database.write(
        lambda connection: revoke(connection, parts.clock, caller.school_id, device, by=caller.user_name)
    )
    return json_response(Revoked(ended))
