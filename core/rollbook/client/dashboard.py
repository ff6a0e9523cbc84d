"""The school's numbers; while the server is away the last known ones, labelled so (R8, R10)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from rollbook.api.client import ApiClient
from rollbook.client.accounts import Account
from rollbook.client.response_cache import Cached, CacheKey, ResponseCache
from rollbook.contract.dashboard import Dashboard, DashboardPart, PartStatus
from rollbook.contract.headers import PROTOCOL_VERSION
from rollbook.resilience.failures import COUNTED, CallFailedError, FailureKind

_PATH = "/api/v1/dashboard"


@dataclass(frozen=True, slots=True)
class DashboardView:
    """Parts by name, each ``ok``, ``stale`` or ``unavailable``, shaped as the server gives them.

    ``as_of`` (ISO 8601, UTC) is when they were asked for, ``age_seconds`` how long ago that was; ``reason``
    is the code of why all are ``stale``. A part's ``age_seconds`` is its age now, the time here included.
    """

    parts: Mapping[str, DashboardPart]
    as_of: str
    stale: bool = False
    reason: str = ""
    age_seconds: int = 0


class Dashboards:
    """``doubt`` is told when the server did not answer, so that the connection is looked into at once."""

    def __init__(
        self, api: ApiClient, cache: ResponseCache, account: Account, doubt: Callable[[], None]
    ) -> None:
        self._api = api
        self._cache = cache
        self._key = CacheKey(account.user_id, account.role, _PATH, {"protocol": PROTOCOL_VERSION})
        self._doubt = doubt

    async def read(self) -> DashboardView:
        """The numbers. Raises :class:`CallFailedError`: a refusal, or nothing is known and none answers."""
        found = await self._cache.get_or_fetch(self._key, self._fetched)
        return _view(found)

    async def purge(self) -> None:
        """Forget what was kept for this user."""
        await self._cache.purge()

    def close(self) -> None:
        """Close the file of the cache."""
        self._cache.close()

    async def _fetched(self) -> bytes:
        try:
            answer = await self._api.get_json(_PATH, _PATH)
        except CallFailedError as failure:
            # Where none was made the connection is known to be down: looking again would go round in circles.
            if failure.was_made and failure.kind in COUNTED:
                self._doubt()
            raise
        _decoded(answer.data)  # what cannot be read is not worth keeping
        return answer.data


def _decoded(data: bytes) -> Dashboard:
    try:
        return msgspec.json.decode(data, type=Dashboard)
    except msgspec.MsgspecError as error:
        raise CallFailedError(
            FailureKind.TRANSIENT, "unreadable-answer", "The server's answer cannot be read."
        ) from error


def _view(found: Cached) -> DashboardView:
    parts = _decoded(found.value).parts
    if found.stale:
        parts = {name: _stale(part, found) for name, part in parts.items()}
    return DashboardView(parts, found.as_of, found.stale, found.reason, int(found.age_seconds))


def _stale(part: DashboardPart, found: Cached) -> DashboardPart:
    """A part that was well is now as old as it is; one that was unavailable stays so, for its own reason."""
    if part.status is PartStatus.UNAVAILABLE:
        return part
    age = part.age_seconds + int(found.age_seconds)
    return DashboardPart(PartStatus.STALE, part.data, found.reason, part.as_of, age)
