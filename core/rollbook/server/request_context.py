"""What is known of the request that is being answered, in a ContextVar (R16)."""

import uuid
from contextvars import ContextVar
from dataclasses import dataclass, field

MAX_LOGGED_OPERATIONS = 20


@dataclass(slots=True)
class RequestContext:
    """One request: what the log line tells of it."""

    request_id: str
    action_id: str = ""
    device: str = ""
    user_id: str = ""
    school_id: str = ""
    serving: str = ""  # made here for each request: what a caller names can be named by another
    error: str = ""
    op_ids: list[str] = field(default_factory=list)
    operations: int = 0

    def note_operations(self, op_ids: list[str]) -> None:
        """Keep the ids of a push for the log: the first few, and how many there were."""
        self.operations += len(op_ids)
        shown = op_ids[: MAX_LOGGED_OPERATIONS - len(self.op_ids)]
        self.op_ids.extend(op_id for op_id in shown if _is_uuid(op_id))


_NOWHERE = RequestContext(request_id="")
_current: ContextVar[RequestContext] = ContextVar("rollbook_request", default=_NOWHERE)


def current() -> RequestContext:
    """The request of this task or thread; one without an id outside of any request."""
    return _current.get()


def enter(context: RequestContext) -> None:
    """Make ``context`` the request of this task and of the threads that it hands work to."""
    _current.set(context)


def _is_uuid(text: str) -> bool:
    """Only what is surely an id is logged: a caller may send a name, or a megabyte, as one (R18)."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
