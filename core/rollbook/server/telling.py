"""Parts of an answer, of which each stands for itself: told, told as it was, or not told and why (R10)."""

from collections.abc import Callable, Mapping
from typing import Any

import structlog
from sqlalchemy import Connection

from rollbook.contract.dashboard import DashboardPart, PartStatus
from rollbook.domain.clock import Clock
from rollbook.resilience.deadline import Deadline, current_deadline, under
from rollbook.resilience.where_it_broke import where_it_broke
from rollbook.server.database import Database
from rollbook.server.last_known import Known, LastKnown
from rollbook.server.problems import ProblemError
from rollbook.server.settings import Settings

log = structlog.get_logger("rollbook.server.telling")
Source = Callable[[Connection], Any]
"""What a part tells, read from the database; it must not write."""

_AWAY = frozenset(
    {"database-busy", "database-unavailable", "deadline-exceeded", "overloaded", "storage-full"}
)
_MOST_KEPT = 1_000


class Teller:
    """Asks sources of the database, each in a transaction and within a time of its own. For threads."""

    def __init__(self, database: Database, clock: Clock, settings: Settings) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._known: LastKnown[Any] = LastKnown(clock, most=_MOST_KEPT)

    def tell(self, sources: Mapping[str, Source], kept_for: str | None = None) -> dict[str, DashboardPart]:
        """Each source's part. What is left of the caller's time is shared by those that are still to come.

        ``kept_for`` is whose the parts are: while a source is away, what it told them last is told, for a
        while. Without it nothing is kept.
        """
        told = {}
        for number, (name, source) in enumerate(sources.items()):
            with under(Deadline(self._clock, self._seconds(len(sources) - number))):
                told[name] = self._part(name, source, kept_for)
        return told

    def _seconds(self, to_come: int) -> float:
        outer = current_deadline.get()
        longest = self._settings.part_seconds
        return longest if outer is None else min(longest, outer.remaining() / to_come)

    def _part(self, name: str, source: Source, kept_for: str | None) -> DashboardPart:
        try:
            data = self._database.read(source)
        except ProblemError as error:
            return self._instead((kept_for, name), error.code)
        except Exception as error:  # a defect: it must be seen, and not be papered over with what was
            log.error("part_failed", part=name, **where_it_broke(error))
            return unavailable("internal-error")
        if kept_for is None:
            return ok(Known(data, self._clock.now().isoformat(timespec="seconds")))
        return ok(self._known.keep((kept_for, name), data))

    def _instead(self, key: tuple[str | None, str], reason: str) -> DashboardPart:
        known = self._known.find(key, self._settings.fallback_limit_seconds) if reason in _AWAY else None
        return unavailable(reason) if known is None else stale(known, reason)


def ok(known: Known[Any]) -> DashboardPart:
    """A part that is as it should be."""
    return DashboardPart(PartStatus.OK, known.value, "", known.as_of, int(known.age_seconds))


def stale(known: Known[Any], reason: str) -> DashboardPart:
    """A part as it was, since its source is away for ``reason``."""
    return DashboardPart(PartStatus.STALE, known.value, reason, known.as_of, int(known.age_seconds))


def unavailable(reason: str) -> DashboardPart:
    """A part that cannot be told, for ``reason`` (a stable code)."""
    return DashboardPart(PartStatus.UNAVAILABLE, reason=reason)
