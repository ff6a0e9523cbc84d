"""Reports that the school's server makes: asked for once, waited for through any outage (R11)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from rollbook.api.client import ApiClient
from rollbook.client.values import ReportProgress
from rollbook.contract.jobs import ENDED, Job, JobState, ReportName, ReportRequest
from rollbook.contract.problems import problem
from rollbook.resilience.failures import CallFailedError, FailureKind

_LOOK_EVERY_SECONDS = 1.0
Told = Callable[[ReportProgress], None]


class Reports:
    """Coroutines raise :class:`CallFailedError`."""

    def __init__(self, api: ApiClient, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._api = api
        self._sleep = sleep

    async def make(self, name: str, parameters: Mapping[str, str], told: Told) -> bytes:
        """The report. ``told`` is called with how far it is; cancelled, it is cancelled at the school too.

        Once it is asked for, the network may go and come: the school makes it meanwhile.
        """
        job = await self._api.ask_for_report(ReportRequest(ReportName(name), dict(parameters)))
        try:
            while job.state not in ENDED:
                told(ReportProgress(job.done, job.total))
                await self._sleep(_LOOK_EVERY_SECONDS)
                job = await self._looked_at(job)
        except asyncio.CancelledError:
            await asyncio.shield(self._cancel(job))
            raise
        if job.state is not JobState.DONE:
            code = job.error or "not-found"
            raise CallFailedError(FailureKind.SERVER, code, problem(code).title)
        return await self._api.finished_report(job.id)

    async def _looked_at(self, job: Job) -> Job:
        try:
            return await self._api.job(job.id)
        except CallFailedError as failure:
            if failure.kind is FailureKind.CLIENT:
                raise
            return job  # away for the moment

    async def _cancel(self, job: Job) -> None:
        try:
            await self._api.cancel_job(job.id)
        except CallFailedError:
            return  # it is made, and let go of after some days
