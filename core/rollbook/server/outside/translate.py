"""What httpx and HTTP say of an outside service, translated once into our kinds (R1, H5)."""

import errno
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from rollbook.resilience.failures import CallFailedError, FailureKind

BELOW_HTTP = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, UnicodeError, TimeoutError, OSError)
_PASSING = {408, 425, 429, 502, 503, 504}
_NO_WAY_OUT = {errno.ENETUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL}


def from_transport(error: Exception) -> CallFailedError:
    """A failure below HTTP. Its message is never the library's: that may hold the address."""
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol | UnicodeError):
        return CallFailedError(FailureKind.CLIENT, "address-invalid")
    roots = list(_roots(error))
    if all(isinstance(root, OSError) and root.errno in _NO_WAY_OUT for root in roots):
        return CallFailedError(FailureKind.LOCAL, "no-network")
    if any(isinstance(root, ssl.SSLError) for root in roots):
        return CallFailedError(FailureKind.SERVER, "tls-failed")
    if any(isinstance(root, socket.gaierror) for root in roots):
        return CallFailedError(FailureKind.TRANSIENT, "name-not-found")
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return too_late()
    if isinstance(error, httpx.RemoteProtocolError):
        return CallFailedError(FailureKind.TRANSIENT, "unreadable-answer")
    return CallFailedError(FailureKind.TRANSIENT, "unreachable")


def from_status(answer: httpx.Response, now: datetime) -> CallFailedError | None:
    """A failure told by the status, or ``None`` for an answer that is to be read.

    A redirect is not followed: it is a login page's on the way, or the service has moved, which the
    administrator must know.
    """
    status = answer.status_code
    if status == 200:
        return None
    wait = _retry_after(answer.headers.get("Retry-After"), now)
    if status == 429:
        return CallFailedError(FailureKind.TRANSIENT, "too-many-requests", retry_after=wait)
    if status in _PASSING:
        return CallFailedError(FailureKind.TRANSIENT, "service-failing", retry_after=wait)
    if status >= 500:
        return CallFailedError(FailureKind.SERVER, "service-failing")
    if 300 <= status < 400:
        return CallFailedError(FailureKind.SERVER, "redirected")
    if status >= 400:
        return CallFailedError(FailureKind.CLIENT, "service-refused")
    return unreadable()


def too_late() -> CallFailedError:
    """There was no whole answer in time."""
    return CallFailedError(FailureKind.TRANSIENT, "timeout")


def too_large() -> CallFailedError:
    """More came than such a service has to say."""
    return CallFailedError(FailureKind.SERVER, "answer-too-large")


def unreadable() -> CallFailedError:
    """What came whole is not what the service says: asking again at once brings the same."""
    return CallFailedError(FailureKind.SERVER, "unreadable-answer")


def _retry_after(text: str | None, now: datetime) -> float | None:
    """Seconds from now, from either form of the header; nonsense is ``None``."""
    text = (text or "").strip()
    if text.isascii() and text.isdecimal():
        return float(text[:12])
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def _roots(error: BaseException) -> Iterator[BaseException]:
    """What lies at the bottom: httpx wraps httpcore wraps anyio wraps the system's own errors."""
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _roots(each)
        return
    wrapped = error.args[0] if error.args else None
    deeper = error.__cause__ or (wrapped if isinstance(wrapped, BaseException) else None)
    if deeper is None or isinstance(error, ssl.SSLError | socket.gaierror):
        yield error
    else:
        yield from _roots(deeper)
