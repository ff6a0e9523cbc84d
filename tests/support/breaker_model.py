"""What R4 says of a breaker, as a small book-keeper: slow, plain, and written without the real one's code."""

from dataclasses import dataclass, field
from typing import Literal

Ending = Literal["good", "slow", "transient", "server", "client", "local", "cancelled"]
BAD = ("transient", "server")
SILENT = ("client", "local", "cancelled")


@dataclass(frozen=True)
class Rules:
    """The settings that the model knows; times in seconds."""

    failures: int = 3
    window: int = 8
    minimum: int = 6
    failure_rate: float = 0.5
    slow_rate: float = 0.75
    recovery: float = 16.0
    growth: float = 2.0
    longest: float = 64.0
    probes: int = 2
    successes: int = 2


@dataclass
class CallInHand:
    """A call that was let through, in the spell (a time between two changes of state) in which it was."""

    spell: int


@dataclass
class BreakerModel:
    """Keeps every ending of the present spell, and computes from the whole list each time."""

    rules: Rules = field(default_factory=Rules)
    now: float = 0.0
    state: str = "closed"
    spell: int = 0
    opened_at: float = 0.0
    reopened: int = 0
    endings: list[Ending] = field(default_factory=list)
    in_hand: list[CallInHand] = field(default_factory=list)

    def wait(self) -> float:
        """Seconds until it may be asked, while open."""
        whole = min(self.rules.recovery * self.rules.growth**self.reopened, self.rules.longest)
        return max(0.0, self.opened_at + whole - self.now)

    def probing(self) -> int:
        """Calls of this spell that have not ended."""
        return sum(call.spell == self.spell for call in self.in_hand)

    def begin(self) -> CallInHand | None:
        """A call, or ``None`` where it is turned away."""
        if self.state == "forced_open" or (self.state == "open" and self.wait() > 0):
            return None
        if self.state == "open":
            self._become("half_open")
        if self.state == "half_open" and self.probing() >= self.rules.probes:
            return None
        call = CallInHand(self.spell)
        self.in_hand.append(call)
        return call

    def end(self, call: CallInHand, ending: Ending) -> None:
        """The call has ended so."""
        self.in_hand.remove(call)
        if call.spell != self.spell or ending in SILENT:
            return
        self.endings.append(ending)
        if self.state == "half_open":
            self._after_probe(ending)
        elif self.state == "closed" and self._too_bad():
            self._open(0)

    def by_hand(self, state: str) -> None:
        """Support sets it."""
        self.reopened = 0
        self._become(state)

    def _after_probe(self, ending: Ending) -> None:
        if ending in BAD:
            self._open(self.reopened + 1)
        elif len(self.endings) == self.rules.successes:
            self.reopened = 0
            self._become("closed")

    def _too_bad(self) -> bool:
        if len(self.endings) >= self.rules.failures and all(
            each in BAD for each in self.endings[-self.rules.failures :]
        ):
            return True
        recent = self.endings[-self.rules.window :]
        if len(recent) < self.rules.minimum:
            return False
        bad = sum(each in BAD for each in recent) / len(recent)
        slow = sum(each == "slow" for each in recent) / len(recent)
        return bad >= self.rules.failure_rate or slow >= self.rules.slow_rate

    def _open(self, reopened: int) -> None:
        self.reopened = reopened
        self.opened_at = self.now
        self._become("open")

    def _become(self, state: str) -> None:
        self.state = state
        self.spell += 1
        self.endings = []
