"""What staff are shown of the connection: breaker, local network and session together (R5)."""

from dataclasses import dataclass
from enum import StrEnum

from rollbook.resilience.breaker import BreakerState


class ConnectionState(StrEnum):
    """The four states of the pill."""

    ONLINE = "online"
    DEGRADED = "degraded"
    OFFLINE = "offline"
    SIGNED_OUT = "signed_out"


@dataclass(frozen=True, slots=True)
class Connection:
    """``reason`` is a stable word, empty when online; ``since`` ISO 8601 in UTC; times in seconds.

    ``failure`` is the stable code of what the last call met, where it failed; ``failure_detail`` its words.
    """

    state: ConnectionState
    reason: str = ""
    since: str | None = None
    next_attempt_in: float | None = None
    failure: str = ""
    failure_detail: str = ""


@dataclass(frozen=True, slots=True)
class Signs:
    """What is known: the breaker, whether anything was ever answered, what the last call met."""

    breaker: BreakerState
    signed_in: bool
    ever_answered: bool
    last_failure: str | None = None
    last_was_local: bool = False
    last_was_slow: bool = False


_REASONS = {
    "not-our-server": "not_our_server",
    "another-installation": "not_our_server",
    "internal-error": "server_failing",
    "database-busy": "server_failing",
    "database-unavailable": "server_failing",
    "storage-full": "server_failing",
    "overloaded": "server_failing",
    "deadline-exceeded": "server_failing",
    "too-many-requests": "server_busy",
}


def connection_of(signs: Signs) -> tuple[ConnectionState, str]:
    """The state and its reason. One failure with a closed breaker is a doubt: degraded, not yet offline."""
    if not signs.signed_in:
        return ConnectionState.SIGNED_OUT, "signed_out"
    if signs.last_was_local:
        return ConnectionState.OFFLINE, "no_network"
    reason = _REASONS.get(signs.last_failure or "", "server_unreachable")
    if signs.breaker in (BreakerState.OPEN, BreakerState.HALF_OPEN, BreakerState.FORCED_OPEN):
        return ConnectionState.OFFLINE, reason
    if signs.last_failure is not None:
        return ConnectionState.DEGRADED if signs.ever_answered else ConnectionState.OFFLINE, reason
    if not signs.ever_answered:
        return ConnectionState.OFFLINE, "not_asked_yet"
    if signs.last_was_slow:
        return ConnectionState.DEGRADED, "server_slow"
    return ConnectionState.ONLINE, ""
