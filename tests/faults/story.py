"""What came of one history."""

from collections import Counter
from dataclasses import dataclass, field

from faults.oracle import Fault


@dataclass(slots=True)
class Told:
    """``way`` is how the desks reached the school; ``wrong`` is empty where all was as it must be."""

    seed: str
    way: str = "in process"
    operations: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    wrong: list[Fault] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    broke: str = ""
    """The last words of a history that ended by an error which nobody foresaw."""
