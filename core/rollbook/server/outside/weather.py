"""The weather at the school's place: behind a breaker, a bulkhead and a cache, and never in the way (R12)."""

import asyncio
import random

import structlog

from rollbook.contract.dashboard import NOT_SET_UP, DashboardPart
from rollbook.contract.weather import Weather
from rollbook.domain.clock import Clock
from rollbook.resilience.breaker import BreakerEvent, CircuitBreaker
from rollbook.resilience.bulkhead import Bulkhead
from rollbook.resilience.deadline import Deadline, under
from rollbook.resilience.failures import CallFailedError
from rollbook.resilience.fallback import with_fallback
from rollbook.resilience.hold import Hold
from rollbook.resilience.retry import Retry
from rollbook.resilience.settings import ResilienceSettings
from rollbook.resilience.where_it_broke import where_it_broke
from rollbook.server.last_known import Known, LastKnown
from rollbook.server.metrics import Metrics
from rollbook.server.outside import open_meteo
from rollbook.server.outside.door import Door
from rollbook.server.outside.loop import OutsideLoop
from rollbook.server.outside.places import Place
from rollbook.server.settings import Settings
from rollbook.server.telling import ok, stale, unavailable

log = structlog.get_logger("rollbook.server.outside")
SERVICE = "weather"
_MOST_PLACES = 16
_KEPT_FOR_FALLBACK_SECONDS = 0.05  # to look into the cache within the caller's deadline


class WeatherService:
    """Safe for threads and for any loop: what is asked is asked in the loop of the outside."""

    def __init__(self, settings: Settings, clock: Clock, metrics: Metrics, chance: random.Random) -> None:
        self._settings = settings
        self._clock = clock
        self._metrics = metrics
        self._url = settings.weather_url.rstrip("/") + open_meteo.PATH
        tuned = _tuned(settings)
        self.breaker = CircuitBreaker(SERVICE, tuned, clock)
        self.breaker.observe(self._note_breaker)
        self.bulkhead = Bulkhead(
            "outside",
            clock,
            concurrent=settings.outside_concurrent,
            queue=settings.outside_queue,
            wait_seconds=settings.outside_wait_seconds,
        )
        self._hold = Hold(clock, tuned.longest_hold_seconds)
        self._retry = Retry(tuned, clock, chance, asyncio.sleep)
        self._door = Door(clock, settings.outside_answer_bytes, settings.weather_seconds)
        self._loop = OutsideLoop()
        self._known: LastKnown[Weather] = LastKnown(clock, most=_MOST_PLACES)
        self._flights: dict[Place, asyncio.Task[Known[Weather]]] = {}

    async def told(self, place: Place | None) -> DashboardPart:
        """The weather there, as it is, as it was, or why it cannot be told; never raises a failure of it.

        ``None`` where the school has set up no place or no service.
        """
        if place is None:
            return unavailable(NOT_SET_UP)
        try:
            return await asyncio.wrap_future(self._loop.submit(lambda: self._part(place)))
        except CallFailedError as failure:
            return unavailable(failure.code)

    def close(self) -> None:
        """End the calls that run and close the connections. Blocks."""
        self._loop.close(self._door.close)

    # ---- in the loop of the outside

    async def _part(self, place: Place) -> DashboardPart:
        fresh = self._known.find(place, self._settings.weather_fresh_seconds)
        if fresh is not None:
            return ok(fresh)
        try:
            answered = await with_fallback(
                lambda: self._shared(place),
                lambda failure: self._as_it_was(place, failure),
                deadline=Deadline.after(self._clock, self._settings.weather_seconds),
                kept_for_fallback_seconds=_KEPT_FOR_FALLBACK_SECONDS,
            )
        except CallFailedError as failure:
            return unavailable(failure.code)
        except Exception as error:  # a defect of ours is no reason to lose the dashboard
            log.error("part_failed", part=SERVICE, **where_it_broke(error))
            return unavailable("internal-error")
        return stale(answered.value, answered.reason) if answered.from_fallback else ok(answered.value)

    async def _as_it_was(self, place: Place, failure: CallFailedError) -> Known[Weather]:
        known = self._known.find(place, self._settings.fallback_limit_seconds)
        if known is None:
            raise failure
        return known

    async def _shared(self, place: Place) -> Known[Weather]:
        """One question for all who ask at once. It has a time of its own: one who is in a hurry and goes
        takes nothing from the others, and what comes later is kept for the next."""
        flight = self._flights.get(place)
        if flight is None:
            flight = asyncio.create_task(self._fetched(place))
            self._flights[place] = flight
            flight.add_done_callback(lambda done: self._landed(place, done))
        return await asyncio.shield(flight)

    def _landed(self, place: Place, flight: "asyncio.Task[Known[Weather]]") -> None:
        del self._flights[place]
        if not flight.cancelled():
            flight.exception()  # seen, even where every caller has gone

    async def _fetched(self, place: Place) -> Known[Weather]:
        with under(Deadline(self._clock, self._settings.weather_seconds)) as deadline:
            try:
                weather = await self.bulkhead.run(
                    lambda: self._retry.call(lambda: self._attempt(place, deadline), deadline)
                )
            except CallFailedError as failure:
                self._metrics.outside(SERVICE, failure.code)
                if failure.was_made:
                    log.warning("outside_failed", service=SERVICE, code=failure.code)
                raise
        self._metrics.outside(SERVICE, "ok")
        return self._known.keep(place, weather)

    async def _attempt(self, place: Place, deadline: Deadline) -> Weather:
        self._hold.check()  # before the breaker, which is not to count it
        try:
            return await self.breaker.call(lambda: self._asked(place, deadline))
        except CallFailedError as failure:
            if failure.was_made:
                self._hold.take(failure)
            raise

    async def _asked(self, place: Place, deadline: Deadline) -> Weather:
        params = open_meteo.question(place.latitude, place.longitude)
        return open_meteo.understood(await self._door.get(self._url, params, deadline), place.name)

    def _note_breaker(self, event: BreakerEvent) -> None:
        self._metrics.breaker(event.name, event.after.value)
        log.warning("breaker_changed", name=event.name, before=event.before.value, after=event.after.value)


def _tuned(settings: Settings) -> ResilienceSettings:
    return ResilienceSettings(
        retry_base_seconds=0.2,
        retry_cap_seconds=1.0,
        retry_attempts=settings.outside_attempts,
        breaker_failures=settings.outside_breaker_failures,
        breaker_recovery_seconds=settings.outside_breaker_seconds,
        breaker_slow_seconds=settings.weather_seconds,
    )
