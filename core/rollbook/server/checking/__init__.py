"""What is wrong with a deployment, and what to do about it: the findings of `rollbook-server check` (R13)."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    PROBLEM = "problem"  # entries may be lost, or nobody is served
    WARNING = "warning"  # it works, and somebody should look at it


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. ``code`` is stable, for scripts; ``message`` says what to do."""

    level: Level
    code: str
    message: str


def problem(code: str, message: str) -> Finding:
    """Something that must be mended."""
    return Finding(Level.PROBLEM, code, message)


def warning(code: str, message: str) -> Finding:
    """Something to look at."""
    return Finding(Level.WARNING, code, message)
