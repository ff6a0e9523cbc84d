"""``/api/v1/reports`` and ``/api/v1/jobs``: a report at once, or the place to look for it (R11)."""

import asyncio
from concurrent.futures import Future
from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Path
from starlette.responses import Response

from rollbook.contract.jobs import ENDED, Job, JobState, ReportRequest
from rollbook.server.auth.endpoints import InSchool, ServerParts
from rollbook.server.jobs.kinds import Report
from rollbook.server.openapi import described
from rollbook.server.problems import ProblemError
from rollbook.server.wire import JsonBytes, decoded, json_response

router = APIRouter(tags=["reports"])
CSV = "text/csv"
_JOB = "/api/v1/jobs/{job_id}"
JobId = Annotated[str, Path(max_length=64)]


@router.post("/api/v1/reports", **described(takes=ReportRequest, gives="Job", also=(202,)))
async def ask(parts: ServerParts, caller: InSchool, body: JsonBytes) -> Response:
    """Have a report made: 200 where it is within the budget, else 202 with the place to look for it.

    It is made whether or not anybody waits, and after a restart. The same again is the same report.
    """
    asked = decoded(body, ReportRequest)
    job_id, made = await anyio.to_thread.run_sync(parts.jobs.ask, caller, asked)
    if made is not None:
        await _wait(made, parts.settings.report_budget_seconds)
    job = await anyio.to_thread.run_sync(parts.jobs.see, caller, job_id)
    return _where(job, parts.settings.report_poll_seconds)


@router.get("/api/v1/reports/{job_id}", **described(gives="Job", also=(202,), media_type=CSV))
def fetch(parts: ServerParts, caller: InSchool, job_id: JobId) -> Response:
    """The report, or 202 while it is made."""
    return _answer(parts.jobs.report(caller, job_id), parts.settings.report_poll_seconds)


@router.get("/api/v1/jobs", **described(gives="JobsPage"))
def listed(parts: ServerParts, caller: InSchool) -> Response:
    """What the caller has asked for, the latest first."""
    return json_response(parts.jobs.listed(caller))


@router.get(_JOB, **described(gives="Job"))
def see(parts: ServerParts, caller: InSchool, job_id: JobId) -> Response:
    """Where it is."""
    job = parts.jobs.see(caller, job_id)
    return json_response(job, headers=_look_again(job, parts.settings.report_poll_seconds))


@router.delete(_JOB, **described(gives="Job"))
def cancel(parts: ServerParts, caller: InSchool, job_id: JobId) -> Response:
    """End it where it stands."""
    return json_response(parts.jobs.cancel(caller, job_id))


async def _wait(made: Future[None], seconds: float) -> None:
    """At most so long; the work goes on whatever becomes of who waits."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    made.add_done_callback(lambda _done: loop.call_soon_threadsafe(ended.set))
    try:
        async with asyncio.timeout(seconds):
            await ended.wait()
    except TimeoutError:
        return


def _answer(found: Report | Job, poll_seconds: float) -> Response:
    if isinstance(found, Job):
        return _where(found, poll_seconds)
    headers = {
        "Content-Disposition": f'attachment; filename="{found.file_name}"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(found.content, headers=headers, media_type=found.media_type)


def _where(job: Job, poll_seconds: float) -> Response:
    """Where it is, or what failed it."""
    if job.state is JobState.FAILED:
        raise ProblemError(job.error)
    status = 200 if job.state in ENDED else 202
    where = {"Location": _JOB.format(job_id=job.id)}
    return json_response(job, status, where | _look_again(job, poll_seconds))


def _look_again(job: Job, poll_seconds: float) -> dict[str, str]:
    return {} if job.state in ENDED else {"Retry-After": str(max(1, round(poll_seconds)))}
