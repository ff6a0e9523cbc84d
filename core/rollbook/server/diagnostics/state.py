"""``/api/v1/diagnostics``: the state of this worker, and its slow queries (R13, R14)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from rollbook.contract.diagnostics import Diagnostics, QueryPlan, SlowQueries, SlowQuery
from rollbook.domain.roles import Right, rights_of
from rollbook.server.auth.endpoints import ServerParts, SignedIn
from rollbook.server.diagnostics.plans import NoPlanError, plan_of
from rollbook.server.diagnostics.waiting import feeds, jobs
from rollbook.server.gauges import breakers_of, bulkheads_of, pool_of
from rollbook.server.openapi import described
from rollbook.server.problems import ProblemError
from rollbook.server.query_shapes import Figures
from rollbook.server.wire import json_response

router = APIRouter(prefix="/api/v1/diagnostics", tags=["diagnostics"])


def _schools(user: SignedIn) -> frozenset[str]:
    """Where the user may diagnose. Raises :class:`ProblemError` ``forbidden`` where that is nowhere."""
    found = frozenset(item.school_id for item in user.memberships if _may(item.role))
    if not found:
        raise ProblemError("forbidden")
    return found


def _may(role: str) -> bool:
    return Right.DIAGNOSE in rights_of(role)


Schools = Annotated[frozenset[str], Depends(_schools)]


@router.get("", **described(gives="Diagnostics"))
def diagnostics(parts: ServerParts, schools: Schools) -> Response:
    """The worker that answers, and what waits in the schools in which one may look."""
    kept = parts.teller.tell(
        {
            "jobs": lambda connection: jobs(connection, schools, parts.clock),
            "feed": lambda connection: feeds(connection, schools, parts),
        }
    )
    return json_response(
        Diagnostics(
            worker=parts.workers.this(),
            pool=pool_of(parts),
            breakers=breakers_of(parts),
            bulkheads=bulkheads_of(parts),
            jobs=kept["jobs"],
            feed=kept["feed"],
        )
    )


_Least = Annotated[
    float | None, Query(ge=0, le=3_600, description="Instead of the setting slow_query_seconds.")
]


@router.get("/queries/slow", **described(gives="SlowQueries"))
def slow_queries(parts: ServerParts, _schools: Schools, seconds: _Least = None) -> Response:
    """The statements that took long in the worker that answers, by their shape."""
    shapes = parts.database.shapes
    least = shapes.slow_seconds if seconds is None else seconds
    found = [_told(figures) for figures in shapes.slow(least)]
    return json_response(SlowQueries(parts.workers.this(), _ms(least), found, shapes.forgotten))


@router.get("/queries/slow/{shape_id}/plan", **described(gives="QueryPlan"))
def plan(parts: ServerParts, _schools: Schools, shape_id: Annotated[str, Path(max_length=64)]) -> Response:
    """How the database would go about a statement of that shape. It is not run."""
    known = parts.database.shapes.statement_of(shape_id)
    if known is None:
        raise ProblemError("not-found", "The worker that answers knows no such statement; ask again.")
    shape, statement = known
    lines: list[str] = []
    note = ""
    try:
        lines = parts.database.read(lambda connection: plan_of(connection, statement))
    except NoPlanError as why:
        note = str(why)
    return json_response(QueryPlan(parts.workers.this(), shape_id, shape, lines, note))


def _told(figures: Figures) -> SlowQuery:
    return SlowQuery(
        id=figures.id,
        statement=figures.shape,
        count=figures.count,
        failed=figures.failed,
        slow=figures.slow,
        sampled=figures.sampled,
        p50_ms=_ms(figures.p50),
        p95_ms=_ms(figures.p95),
        max_ms=_ms(figures.longest),
    )


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
