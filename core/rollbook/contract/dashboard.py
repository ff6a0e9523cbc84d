"""The dashboard's numbers: each part stands for itself (R10)."""

from enum import StrEnum
from typing import Any

import msgspec


class PartStatus(StrEnum):
    """Whether a part could be told."""

    OK = "ok"
    STALE = "stale"
    UNAVAILABLE = "unavailable"


class DashboardPart(msgspec.Struct, frozen=True):
    """``data`` is ``None`` where the part is unavailable, for the ``reason`` (a problem's code)."""

    status: PartStatus
    data: Any = None
    reason: str = ""
    as_of: str = ""


class Dashboard(msgspec.Struct, frozen=True):
    """Parts by name. ``students``: ``{"count": n}``; ``grade_levels``: ``[{"grade_level", "count"}]``."""

    parts: dict[str, DashboardPart]
