"""Whether the process lives, whether it can serve, what Prometheus reads, and which server this is."""

import hmac
import ipaddress
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.responses import Response

from rollbook.contract.headers import PROTOCOL_VERSION
from rollbook.contract.session import ServerInfo
from rollbook.server.auth.endpoints import ServerParts
from rollbook.server.gauges import note_gauges
from rollbook.server.migrating import is_migrated
from rollbook.server.openapi import described
from rollbook.server.problems import ProblemError
from rollbook.server.scraped import Scraped, disks_of, read_kept
from rollbook.server.settings import Settings
from rollbook.server.version import rollbook_version
from rollbook.server.wire import json_response

router = APIRouter(tags=["server"])
_METRICS_TOKEN = HTTPBearer(
    scheme_name="MetricsToken", description="The setting metrics_token, where one is set.", auto_error=False
)


@router.get("/healthz", **described())
async def healthz() -> Response:
    """The process answers. Asks no database: a restart would not mend that."""
    return json_response({"status": "ok"})


@router.get("/readyz", **described())
def readyz(parts: ServerParts) -> Response:
    """The database answers and is at this release's schema."""
    if not is_migrated(parts.database):
        raise ProblemError(
            "database-unavailable",
            "The database is not at this release's schema: run rollbook-server migrate.",
            headers={"Retry-After": "30"},
        )
    parts.installation.get()
    return json_response({"status": "ready"})


@router.get("/metrics", **described(media_type="text/plain"))
def metrics(
    parts: ServerParts,
    request: Request,
    shown: Annotated[HTTPAuthorizationCredentials | None, Depends(_METRICS_TOKEN)],
) -> Response:
    """What Prometheus reads; without what is kept in the database while that does not answer.

    With ``metrics_token`` set, for who shows it, schools told apart by their ids; without, for this computer
    alone (or anybody, with ``metrics_open``, who is told of no single computer) and of all schools together.
    """
    _check_may_read(parts.settings, request, shown.credentials if shown is not None else "")
    note_gauges(parts)
    try:
        kept = parts.database.read(lambda connection: read_kept(connection, parts.clock, parts.settings))
    except ProblemError:
        kept = None
    of_a_token = bool(parts.settings.metrics_token)
    scraped = Scraped(
        kept,
        parts.settings,
        by_school=of_a_token,
        by_desk=of_a_token or _is_this_computer(request),
        disks=disks_of(parts.settings),
    )
    page = parts.metrics.page(scraped)
    return Response(page, media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/api/v1/server", **described(gives="ServerInfo"))
def server(parts: ServerParts) -> Response:
    """Which installation this is and what it speaks (S10)."""
    return json_response(
        ServerInfo(
            installation=parts.installation.get().id,
            protocol=PROTOCOL_VERSION,
            version=rollbook_version(),
        )
    )


def _check_may_read(settings: Settings, request: Request, token: str) -> None:
    """Raise :class:`ProblemError`: ``not-signed-in`` without the token, ``forbidden`` from elsewhere."""
    if settings.metrics_token:
        if not hmac.compare_digest(token.encode(), settings.metrics_token.encode()):
            raise ProblemError("not-signed-in", "The metrics need their token.")
        return
    if not settings.metrics_open and not _is_this_computer(request):
        raise ProblemError("forbidden", "The metrics are for this computer; set metrics_token for others.")


def _is_this_computer(request: Request) -> bool:
    # What a web server in front of us passes on comes from this computer too, and says that it was passed on.
    if any(name in request.headers for name in ("forwarded", "x-forwarded-for", "x-real-ip", "via")):
        return False
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
