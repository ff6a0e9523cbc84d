"""The dashboard and the analytics: parts of which each stands for itself (R10)."""

from enum import StrEnum
from typing import Any

import msgspec


class PartStatus(StrEnum):
    """Whether a part could be told."""

    OK = "ok"
    STALE = "stale"
    UNAVAILABLE = "unavailable"


NOT_SET_UP = "not-set-up"
"""The reason of a part that the server's administrator has not set up."""


class DashboardPart(msgspec.Struct, frozen=True):
    """``data`` is ``None`` where the part is unavailable, for the ``reason`` (a stable code).

    ``as_of`` (ISO 8601, UTC) is when the data were true, ``age_seconds`` how long ago that was when it was
    told: measured, where ``as_of`` is by the clock on the wall.
    """

    status: PartStatus
    data: Any = None
    reason: str = ""
    as_of: str = ""
    age_seconds: int = 0


class Dashboard(msgspec.Struct, frozen=True):
    """Parts by name.

    ``students``: ``{"count": n}``; ``grade_levels``: ``[{"grade_level", "count"}]``; ``weather``: a
    :class:`rollbook.contract.weather.Weather`.
    """

    parts: dict[str, DashboardPart]


class StudentAnalytics(msgspec.Struct, frozen=True):
    """Parts by name, of one student.

    ``record``: ``{"filled": n, "of": n, "empty": [field]}``; ``changes``: ``{"count", "first_at",
    "last_at", "by_kind": {kind: n}, "notes": {name: code}}``, where what is not known is ``None`` and a
    note says why. The others are as :mod:`rollbook.domain.figures` and :mod:`rollbook.domain.risk_list` tell
    them: ``attendance``, ``grades``, and of each a ``_trend`` and a ``_risk``; rates, percents and points
    are text with one decimal, what is not known is ``None``.
    """

    student_id: str
    parts: dict[str, DashboardPart]


class SectionAnalytics(msgspec.Struct, frozen=True):
    """Parts by name, of one section: as of a student, of all together.

    ``grades`` tells how the averages are spread: quartiles, and ``bands``, the students in each ten per cent
    from 0 up. ``comparison``: the classes of the same course and session.
    """

    section_id: str
    parts: dict[str, DashboardPart]


class RiskAnalytics(msgspec.Struct, frozen=True):
    """Who is at risk among the students ``looked_at``, in parts ``attendance_risk`` and ``grades_risk``.

    Each is ``[{"student_id", "label", "reasons": [{"rule", "figure", "threshold", "of", "section_id",
    "earlier"}]}]``, as :class:`rollbook.domain.students_at_risk.Reason` says.
    ``next`` is the cursor of the students behind these; ``None`` when there are none.
    """

    looked_at: int
    parts: dict[str, DashboardPart]
    next: str | None = None
