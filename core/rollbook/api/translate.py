"""What httpx, TLS, DNS and HTTP say, translated once into our kinds (R1, H5)."""

import errno
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import httpx
import msgspec

from rollbook.contract.files import CHUNK_MEDIA_TYPE
from rollbook.contract.headers import INSTALLATION, PROBLEM_MEDIA_TYPE
from rollbook.contract.problems import PROBLEM_TYPES, TYPE_PREFIX, Problem, problem
from rollbook.resilience.failures import CallFailedError, FailureKind

_Shape = TypeVar("_Shape")

_NO_INTERFACE = {errno.ENETUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL, 1231}  # 1231: Windows' own number
_NO_HOST = {errno.EHOSTUNREACH, errno.EHOSTDOWN, 1232}
_PASSING = {408, 425, 429, 502, 503, 504}
_SURELY_NOT_DONE = {"overloaded", "database-busy"}  # turned away at the door, or rolled back
# OpenSSL: certificate has expired; host name mismatch, IP address mismatch.
_EXPIRED, _ANOTHER_NAME = 10, (62, 64)
_GATEWAY = {502, 503, 504}
_GUEST_NETWORK = "On a guest network, sign in to it in a browser first; else check the address."
_BY_STATUS = {401: "not-signed-in", 403: "forbidden", 413: "body-too-large", 429: "too-many-requests"}

_FILES = (CHUNK_MEDIA_TYPE, "text/csv")


def from_transport(error: Exception, *, writes: bool, has_route: bool) -> CallFailedError:
    """A failure below HTTP. ``writes``: once connected, the other side may have taken it.

    ``has_route``: whether this machine has any way out; tells its network down from the server's being away.
    """
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol | UnicodeError):
        return CallFailedError(
            FailureKind.CLIENT,
            "address-invalid",
            "This is no server address. It looks like https://school.example.org",
        )
    roots = list(_roots(error))
    if all(_is_local(root, has_route) for root in roots):
        return CallFailedError(FailureKind.LOCAL, "no-network", "This computer has no network.")
    code, detail = _met(error, roots)
    never_left = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
    return CallFailedError(FailureKind.TRANSIENT, code, detail, outcome_unknown=writes and not never_left)


def from_answer(
    answer: httpx.Response, *, pinned: str | None, writes: bool, now: datetime
) -> CallFailedError | None:
    """A failure told by the answer, or ``None`` when it is our server's and says that all went well (S10).

    The answer must have been read where it may be an error.
    """
    stranger = _stranger(answer, pinned, writes)
    if stranger is not None:
        return stranger
    if answer.is_success:
        return None
    found = _problem(answer)
    code = _code(found)
    return CallFailedError(
        _kind(answer.status_code),
        code,
        found.detail or found.title,
        # A date is told by the server's clock, so it is measured by the server's clock (S29).
        retry_after=retry_after(
            answer.headers.get("Retry-After"), _moment(answer.headers.get("Date")) or now
        ),
        outcome_unknown=writes and answer.status_code >= 500 and code not in _SURELY_NOT_DONE,
        problem=found,
    )


def decoded(answer: httpx.Response, shape: type[_Shape], *, writes: bool) -> _Shape:
    """What our server's answer says. Raises :class:`CallFailedError` where it cannot be read."""
    media = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        raise unreadable(writes=writes)
    try:
        return msgspec.json.decode(answer.content, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise unreadable(writes=writes) from error


def plain(answer: httpx.Response) -> bytes:
    """The bytes of our server's answer that is a file. Raises :class:`CallFailedError` for another kind."""
    if answer.headers.get("Content-Type", "").partition(";")[0].strip().lower() not in _FILES:
        raise unreadable(writes=False)
    return answer.content


def unreadable(*, writes: bool) -> CallFailedError:
    """Our server's answer was cut or is not what it should be."""
    return CallFailedError(FailureKind.TRANSIENT, "unreadable-answer", _CUT_OFF, outcome_unknown=writes)


def too_late(*, writes: bool) -> CallFailedError:
    """The deadline has passed. ``writes``: something may have been sent that writes."""
    return CallFailedError(FailureKind.TRANSIENT, "timeout", _TOO_LATE, outcome_unknown=writes)


def retry_after(text: str | None, now: datetime) -> float | None:
    """Seconds from now, from either form of the header; nonsense is ``None``."""
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdecimal():
        return float(text[:12])
    moment = _moment(text)
    return None if moment is None else max(0.0, (moment - now).total_seconds())


def _moment(text: str | None) -> datetime | None:
    """An HTTP date; without a zone it is taken as UTC."""
    try:
        moment = parsedate_to_datetime(text or "")
    except (TypeError, ValueError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


_CUT_OFF = "The server's answer was cut off or cannot be read."
_TOO_LATE = "The server did not answer in time."


def _met(error: Exception, roots: list[BaseException]) -> tuple[str, str]:
    """The code and the words for a failure that is not this computer's."""
    if any(isinstance(root, ssl.SSLError) for root in roots):
        return "tls-failed", _doubt_of_identity(roots)
    if any(isinstance(root, socket.gaierror) for root in roots):
        return "name-not-found", "The server's name cannot be found. Check the address."
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return "timeout", _TOO_LATE
    if isinstance(error, httpx.RemoteProtocolError | httpx.DecodingError):
        return "unreadable-answer", _CUT_OFF
    return "unreachable", "The server cannot be reached."


def _doubt_of_identity(roots: list[BaseException]) -> str:
    """What is wrong with the certificate that was shown, for whoever must mend it."""
    found = next((root for root in roots if isinstance(root, ssl.SSLCertVerificationError)), None)
    if found is None:
        return f"The server's identity could not be checked. {_GUEST_NETWORK}"
    if found.verify_code == _EXPIRED:
        return (
            "The server's certificate has run out. Check this computer's date; if it is right, the "
            "administrator must renew the certificate."
        )
    if found.verify_code in _ANOTHER_NAME:
        return f"The certificate that was shown is another server's. {_GUEST_NETWORK}"
    return f"The certificate that was shown is signed by nobody whom this computer trusts. {_GUEST_NETWORK}"


def _is_local(root: BaseException, has_route: bool) -> bool:
    if not isinstance(root, OSError):
        return False
    if isinstance(root, socket.gaierror):
        return not has_route
    number = getattr(root, "winerror", None) or root.errno
    return number in _NO_INTERFACE or (number in _NO_HOST and not has_route)


def _roots(error: BaseException) -> Iterator[BaseException]:
    """What lies at the bottom: httpx wraps httpcore wraps anyio wraps the system's own errors.

    Several, where a name has several addresses and each failed in its own way.
    """
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _roots(each)
        return
    deeper = _deeper(error)
    if deeper is None or isinstance(error, ssl.SSLError | socket.gaierror):
        yield error
    else:
        yield from _roots(deeper)


def _deeper(error: BaseException) -> BaseException | None:
    """What ``error`` wraps. Not its context: that may be an older failure that the caller deals with."""
    if error.__cause__ is not None:
        return error.__cause__
    wrapped = error.args[0] if error.args else None  # httpcore's way; it suppresses its own cause
    return wrapped if isinstance(wrapped, BaseException) else None


def _stranger(answer: httpx.Response, pinned: str | None, writes: bool) -> CallFailedError | None:
    installation = answer.headers.get(INSTALLATION)
    if not installation and answer.status_code in _GATEWAY:
        return CallFailedError(
            FailureKind.TRANSIENT,
            "gateway-error",
            f"Something on the way cannot reach the school's server (it answered {answer.status_code}).",
            outcome_unknown=writes,
        )
    if not installation:
        return CallFailedError(
            FailureKind.TRANSIENT,
            "not-our-server",
            f"What answers there is no Rollbook server. {_GUEST_NETWORK}",
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


def _problem(answer: httpx.Response) -> Problem:
    if answer.headers.get("Content-Type", "").startswith(PROBLEM_MEDIA_TYPE):
        found = _read_problem(answer.content)
        if found is not None:
            return found
    if answer.status_code in _BY_STATUS:
        return problem(_BY_STATUS[answer.status_code])
    title = f"The server answered {answer.status_code}."
    return Problem(type="about:blank", title=title, status=answer.status_code)


def _read_problem(content: bytes) -> Problem | None:
    try:
        return msgspec.json.decode(content, type=Problem)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None  # cut on the way: its status still speaks


def _code(found: Problem) -> str:
    """The stable code, whose words decide nothing (S9)."""
    if found.error:
        return found.error
    named = found.type.removeprefix(TYPE_PREFIX)
    return named if named in PROBLEM_TYPES else f"http-{found.status}"


def _kind(status: int) -> FailureKind:
    if status in _PASSING:
        return FailureKind.TRANSIENT
    # Below 500 it answered, and well (a redirect is not followed): nothing is wrong with it.
    return FailureKind.SERVER if status >= 500 else FailureKind.CLIENT
