"""One request as it was made, for those who watch (R16)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exchange:
    """``route`` is a template without ids; ``outcome`` is ``ok`` or a kind of failure."""

    request_id: str
    action_id: str | None
    method: str
    route: str
    started_at: str
    duration_ms: float
    status: int | None
    outcome: str
    error: str | None
