"""What was run so far, counted; a run that was stopped goes on from it."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from faults.oracle import KINDS
from faults.story import Told


@dataclass(slots=True)
class Tally:
    """``failing`` are the numbers of those that failed, in order; ``ways`` counts what they ran on."""

    seed: int
    done: int = 0
    operations: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    ways: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    failing: list[int] = field(default_factory=list)

    def add(self, number: int, told: Told) -> None:
        """Count one history."""
        self.done = number + 1
        self.operations += told.operations
        self.faults += told.faults
        self.ways[told.way] += 1
        self.wrong.update({fault.kind for fault in told.wrong})
        if told.wrong:
            self.failing.append(number)

    def line(self) -> str:
        """One line of figures."""
        counts = ", ".join(f"{kind} {self.wrong[kind]}" for kind in KINDS)
        return f"histories {self.done}, operations {self.operations}, faults {self.faults.total()}, {counts}"

    def save(self, file: Path) -> None:
        """Write it whole or not at all."""
        fresh = file.with_suffix(".new")
        values = {name: getattr(self, name) for name in self.__slots__}
        fresh.write_text(json.dumps(values), encoding="utf-8")
        fresh.replace(file)

    @classmethod
    def load(cls, file: Path) -> "Tally":
        """Read it."""
        values = json.loads(file.read_text(encoding="utf-8"))
        counters = {name: Counter(values[name]) for name in ("faults", "ways", "wrong")}
        return cls(**values | counters)
