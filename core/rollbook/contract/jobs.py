"""Long work: asked for once, done whether or not anybody waits, told where it is (R11)."""

from enum import StrEnum

import msgspec


class JobState(StrEnum):
    """Where a piece of long work is. Those from ``done`` on are for good."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


class ReportName(StrEnum):
    """The reports that there are."""

    ROLL = "roll"


class ReportRequest(msgspec.Struct, frozen=True):
    """Which report is wanted. ``parameters`` are the kind's own; what is not given is not narrowed."""

    kind: ReportName
    parameters: dict[str, str] = {}


class Job(msgspec.Struct, frozen=True):
    """A piece of long work. Times are ISO 8601 in UTC; ``total`` is 0 while nobody knows it.

    ``result`` is the address of what came of it, once it is done; ``error`` a problem's code where it failed.
    """

    id: str
    kind: str
    state: JobState
    done: int
    total: int
    asked_at: str
    ended_at: str = ""
    result: str = ""
    error: str = ""


class JobsPage(msgspec.Struct, frozen=True):
    """The caller's pieces of long work, the latest first."""

    jobs: list[Job]
