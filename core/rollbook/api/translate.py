"""What httpx, TLS, DNS and HTTP say, translated once into our kinds (R1, H5)."""

import errno
import socket
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import msgspec

from rollbook.contract.headers import INSTALLATION, PROBLEM_MEDIA_TYPE
from rollbook.contract.problems import PROBLEM_TYPES, FailureOf, Problem, problem
from rollbook.resilience.failures import CallFailedError, FailureKind

_NO_WAY_OUT = {errno.ENETUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL}
_LONGEST_WAIT = 3600.0
_SERVER_KINDS = (500, 501, 502, 504)


def from_transport(error: Exception, *, writes: bool, has_route: bool) -> CallFailedError:
    """A failure below HTTP. ``writes``: once connected, the other side may have taken it.

    ``has_route``: whether this machine has any way out; tells its network down from the server's name gone.
    """
    cause = _root(error)
    if isinstance(cause, OSError) and cause.errno in _NO_WAY_OUT:
        return CallFailedError(FailureKind.LOCAL, "no-network", "This computer has no network.")
    if isinstance(cause, socket.gaierror):
        return _name_not_found(has_route)
    if isinstance(cause, ssl.SSLError):
        return CallFailedError(
            FailureKind.TRANSIENT,
            "tls-failed",
            "The server's identity could not be checked. On a guest network, sign in to it first.",
        )
    unknown = writes and not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return CallFailedError(
            FailureKind.TRANSIENT, "timeout", "The server did not answer in time.", outcome_unknown=unknown
        )
    return CallFailedError(
        FailureKind.TRANSIENT, "unreachable", "The server cannot be reached.", outcome_unknown=unknown
    )


def from_answer(
    answer: httpx.Response, *, pinned: str | None, writes: bool, now: datetime
) -> CallFailedError | None:
    """A failure told by the answer, or ``None`` when it is our server's and says that all went well (S10)."""
    stranger = _stranger(answer, pinned, writes)
    if stranger is not None:
        return stranger
    if answer.is_success:
        return None
    found = _problem(answer)
    row = PROBLEM_TYPES.get(found.error)
    return CallFailedError(
        _kind(answer.status_code, row.failure_of if row else None),
        found.error or f"http-{answer.status_code}",
        found.detail or found.title,
        retry_after=retry_after(answer.headers.get("Retry-After"), now),
        outcome_unknown=writes and row is None and answer.status_code >= 500,
        problem=found,
    )


def unreadable(*, writes: bool) -> CallFailedError:
    """Our server's answer was cut or is not what it should be."""
    return CallFailedError(
        FailureKind.TRANSIENT,
        "unreadable-answer",
        "The server's answer was cut off or cannot be read.",
        outcome_unknown=writes,
    )


def retry_after(text: str | None, now: datetime) -> float | None:
    """Seconds from now, from either form of the header; nonsense is ``None``, an hour is the most."""
    if text is None:
        return None
    text = text.strip()
    if text.isdecimal():
        return min(float(text), _LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return min(max(0.0, (moment - now).total_seconds()), _LONGEST_WAIT)


def _stranger(answer: httpx.Response, pinned: str | None, writes: bool) -> CallFailedError | None:
    installation = answer.headers.get(INSTALLATION)
    if installation is None:
        return CallFailedError(
            FailureKind.TRANSIENT,
            "not-our-server",
            "What answers there is no Rollbook server. On a guest network, sign in to it in a browser first; "
            "else check the address.",
            outcome_unknown=writes,
        )
    if pinned is not None and installation != pinned:
        return CallFailedError(
            FailureKind.TRANSIENT,
            "another-installation",
            "Another Rollbook server answers at this address, not this school's. Tell the administrator.",
            outcome_unknown=writes,
        )
    return None


def _name_not_found(has_route: bool) -> CallFailedError:
    if not has_route:
        return CallFailedError(FailureKind.LOCAL, "no-network", "This computer has no network.")
    return CallFailedError(
        FailureKind.TRANSIENT, "name-not-found", "The server's name cannot be found. Check the address."
    )


def _problem(answer: httpx.Response) -> Problem:
    if answer.headers.get("Content-Type", "").startswith(PROBLEM_MEDIA_TYPE):
        try:
            return msgspec.json.decode(answer.content, type=Problem)
        except msgspec.MsgspecError:
            pass  # a proxy cut it: its status still speaks
    fallback = {401: "not-signed-in", 403: "forbidden", 413: "body-too-large", 429: "too-many-requests"}
    if answer.status_code in fallback:
        return problem(fallback[answer.status_code])
    return Problem(
        type="about:blank", title=f"The server answered {answer.status_code}.", status=answer.status_code
    )


def _kind(status: int, failure_of: FailureOf | None) -> FailureKind:
    if failure_of is FailureOf.OPERATION or (failure_of is None and 400 <= status < 500):
        return FailureKind.CLIENT
    if status in (401, 410, 413):
        return FailureKind.CLIENT  # it answered, and well: nothing is wrong with it
    if status in _SERVER_KINDS:
        return FailureKind.SERVER
    return FailureKind.TRANSIENT


def _root(error: BaseException) -> BaseException:
    """The deepest cause: httpx wraps httpcore wraps anyio wraps the system's own error."""
    seen = error
    while (deeper := seen.__cause__ or seen.__context__) is not None:
        if isinstance(seen, ssl.SSLError | socket.gaierror):
            break
        seen = deeper
    return seen
