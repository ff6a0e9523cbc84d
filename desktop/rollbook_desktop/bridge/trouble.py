"""A failed call as the window needs it: told once, here (H5)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trouble:
    """``code`` is stable; ``unreachable`` says that no answer of the server was had."""

    code: str
    detail: str
    request_id: str
    unreachable: bool


def trouble_of(error: BaseException) -> Trouble:
    """What ``error`` means; one that is not of a call has the name of its class as its code."""
    code = getattr(error, "code", None)
    if not isinstance(code, str):
        return Trouble(type(error).__name__, str(error), "", False)
    request_id = getattr(error, "request_id", None)
    return Trouble(
        code,
        str(getattr(error, "detail", None) or error),
        str(request_id or ""),
        getattr(error, "status", None) is None and code not in ("not-our-server", "wrong-credentials"),
    )
