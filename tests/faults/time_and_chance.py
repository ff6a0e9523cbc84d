"""Time and chance of a history, both made from its seed, so that it can be repeated (H6)."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import rollbook.client.opening as opening
from rollbook.domain.clock import Clock
from rollbook.domain.ids import IdSource, uuid7_source
from support.settable_clock import START


@dataclass(slots=True)
class World:
    """Time as it passes for all."""

    passed: float = 0.0

    def advance(self, seconds: float) -> None:
        """Let time pass everywhere."""
        self.passed += seconds


class ComputerClock:
    """A computer's clock: its wall clock is set wrong at will, its measured time is not (S29)."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.wrong_by = 0.0

    def now(self) -> datetime:
        """What the wall clock of this computer says."""
        return START + timedelta(seconds=self._world.passed + self.wrong_by)

    def monotonic(self) -> float:
        """Seconds that have passed."""
        return self._world.passed


@contextmanager
def ids_of_the_seed(chance: random.Random) -> Iterator[Callable[[Clock], IdSource]]:
    """Have clients make their ids from ``chance``; gives the maker, for the server's own."""

    def source(clock: Clock) -> IdSource:
        return uuid7_source(clock, chance.getrandbits)

    before = opening.uuid7_source
    opening.uuid7_source = source
    try:
        yield source
    finally:
        opening.uuid7_source = before
