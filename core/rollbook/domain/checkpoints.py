"""Named points that a write passes, so that a test can kill the process exactly there.

Nothing observes them in a shipped program; a test hands its observer in.
"""

from collections.abc import Callable

_observer: Callable[[str], None] | None = None


def observe(observer: Callable[[str], None] | None) -> None:
    """Have ``observer`` called with the name of each point that is passed, or no one with ``None``."""
    global _observer
    _observer = observer


def passed(point: str) -> None:
    """Say that the write has come to ``point``."""
    if _observer is not None:
        _observer(point)
