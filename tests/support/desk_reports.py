"""What a computer says of itself with its syncs (S30)."""

from typing import Any

import msgspec

from rollbook.contract.devices import DeskReport
from support.school_server import Desk

_WELL: dict[str, Any] = {
    "waiting": 0,
    "parked": 0,
    "conflicts": 0,
    "oldest_seconds": 0,
    "synced_seconds_ago": 0,
    "recovers": True,
    "outstanding": (),
    "version": "1",
}


def reported(desk: Desk, **values: Any) -> None:
    """Have the computer say that all is well with it, but for ``values``."""
    body = msgspec.json.encode(DeskReport(**(_WELL | values)))
    answer = desk.call("POST", "/api/v1/sync/report", content=body)
    assert answer.status_code == 204, answer.text
