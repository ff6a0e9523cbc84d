"""The facade's errors on their way from one program to another, raised there as they were here."""

from typing import Any

import msgspec

from rollbook.client.handover.wire import Trouble
from rollbook.client.values import RefusedEntryError
from rollbook.domain.entity import RuleBreach
from rollbook.resilience.failures import CallFailedError, FailureKind
from rollbook.store import errors
from rollbook.store.errors import NotAllowedNowError, StoreError

_STORE = {
    kind.word: kind
    for kind in (
        errors.StoreFullError,
        errors.StoreReadOnlyError,
        errors.StoreLockedError,
        errors.StoreDamagedError,
        errors.NewerStoreError,
    )
}


class CannotTellError(Exception):
    """The other program failed in a way that it has no words for; what it was asked may be done here."""


def told(error: Exception) -> Trouble:
    """The error as it is sent."""
    if isinstance(error, RefusedEntryError):
        return Trouble("refused", detail={"breaches": msgspec.to_builtins(error.breaches)})
    if isinstance(error, NotAllowedNowError):
        return Trouble("not-allowed", str(error))
    if isinstance(error, StoreError):
        return Trouble("store", error.cause, {"word": error.word})
    if isinstance(error, CallFailedError):
        return Trouble("call", error.detail, _call(error))
    return Trouble("other", type(error).__name__)


def error_of(trouble: Trouble) -> Exception:
    """The error to raise; :class:`CannotTellError` for one that is not known here."""
    if trouble.kind == "refused":
        return RefusedEntryError(msgspec.convert(trouble.detail["breaches"], tuple[RuleBreach, ...]))
    if trouble.kind == "not-allowed":
        return NotAllowedNowError(trouble.message)
    if trouble.kind == "store" and trouble.detail.get("word") in _STORE:
        return _STORE[trouble.detail["word"]](trouble.message)
    if trouble.kind == "call":
        named = {name: trouble.detail[name] for name in ("request_id", "retry_after")}
        return CallFailedError(
            FailureKind(trouble.detail["kind"]), trouble.detail["code"], trouble.message, **named
        )
    return CannotTellError(trouble.message)


def _call(error: CallFailedError) -> dict[str, Any]:
    return {
        "kind": str(error.kind),
        "code": error.code,
        "request_id": error.request_id,
        "retry_after": error.retry_after,
    }
