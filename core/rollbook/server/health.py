"""Whether the process lives, whether it can serve, what Prometheus reads, and which server this is."""

from fastapi import APIRouter
from starlette.responses import Response

from rollbook.contract.headers import PROTOCOL_VERSION
from rollbook.contract.session import ServerInfo
from rollbook.server.auth.endpoints import ServerParts
from rollbook.server.migrating import is_migrated
from rollbook.server.openapi import described
from rollbook.server.problems import ProblemError
from rollbook.server.sync.write import heads_of
from rollbook.server.version import rollbook_version
from rollbook.server.wire import json_response

router = APIRouter(tags=["server"])


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
def metrics(parts: ServerParts) -> Response:
    """What Prometheus reads; without the feeds' heads while the database does not answer."""
    try:
        heads = parts.database.read(heads_of)
    except ProblemError:
        heads = {}
    page = parts.metrics.page(parts.database, heads)
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
