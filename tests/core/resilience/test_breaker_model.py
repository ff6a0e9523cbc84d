"""The breaker against a model that shares none of its code, over made-up histories (R4)."""

from collections import Counter

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from rollbook.resilience.breaker import BreakerEvent, BreakerOpenError, CircuitBreaker, Permit
from rollbook.resilience.failures import FailureKind
from rollbook.resilience.settings import ResilienceSettings
from support.breaker_model import BreakerModel, CallInHand, Ending, Rules
from support.settable_clock import SettableClock

RULES = Rules()
SETTINGS = ResilienceSettings(
    breaker_failures=RULES.failures,
    breaker_window_calls=RULES.window,
    breaker_minimum_calls=RULES.minimum,
    breaker_failure_rate=RULES.failure_rate,
    breaker_slow_seconds=10.0,
    breaker_slow_rate=RULES.slow_rate,
    breaker_recovery_seconds=RULES.recovery,
    breaker_recovery_growth=RULES.growth,
    breaker_recovery_cap_factor=RULES.longest / RULES.recovery,
    breaker_probes=RULES.probes,
    breaker_successes=RULES.successes,
)
ENDINGS: list[Ending] = ["good", "slow", "transient", "server", "client", "local", "cancelled"]
SEEN: Counter[str] = Counter()


def tell(permit: Permit, ending: Ending) -> None:
    """End the real call as the model's."""
    if ending in ("good", "slow"):
        permit.succeeded(12.0 if ending == "slow" else 0.1)
    elif ending == "cancelled":
        permit.released()
    else:
        permit.failed(FailureKind(ending), 0.1)


class Histories(RuleBasedStateMachine):
    """Calls that begin and end in any order, time that passes, support that meddles."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = SettableClock()
        self.real = CircuitBreaker("it", SETTINGS, self.clock)
        self.model = BreakerModel(RULES)
        self.calls: list[tuple[Permit, CallInHand]] = []
        self.ended: list[Permit] = []
        self.told: list[BreakerEvent] = []
        self.real.observe(self.told.append)

    @rule()
    def begin(self) -> None:
        expected = self.model.begin()
        try:
            permit = self.real.acquire()
        except BreakerOpenError:
            SEEN["turned away"] += 1
            assert expected is None
            return
        assert expected is not None
        self.calls.append((permit, expected))

    @precondition(lambda self: self.calls)
    @rule(data=st.data(), ending=st.sampled_from(ENDINGS))
    def end(self, data: st.DataObject, ending: Ending) -> None:
        permit, call = self.calls.pop(data.draw(st.integers(0, len(self.calls) - 1)))
        SEEN["late"] += call.spell != self.model.spell
        self.model.end(call, ending)
        tell(permit, ending)
        self.ended.append(permit)

    @precondition(lambda self: self.ended)
    @rule(data=st.data())
    def end_again(self, data: st.DataObject) -> None:
        """A call has one end; told twice, the second is nothing."""
        data.draw(st.sampled_from(self.ended)).failed(FailureKind.SERVER, 0.1)

    @precondition(lambda self: self.model.state == "closed")
    @rule(ending=st.sampled_from(["transient", "server"]))
    def outage(self, ending: Ending) -> None:
        """Failures one after the other: the way into what is to be seen."""
        while self.model.state == "closed":
            self.begin()
            permit, call = self.calls.pop()
            self.model.end(call, ending)
            tell(permit, ending)

    @rule(seconds=st.sampled_from([0.0, 1.0, 8.0, 16.0, 100.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.model.now += seconds

    @precondition(lambda self: self.model.state == "open")
    @rule(early=st.sampled_from([0.0, 0.0, 0.5]))
    def its_time_comes(self, early: float) -> None:
        """Just so much that it may be asked, or half a second less; then it is asked."""
        self.time_passes(max(0.0, self.model.wait() - early))
        self.begin()

    @precondition(lambda self: self.model.spell > 4)
    @rule(state=st.sampled_from(["forced_open", "disabled", "closed"]))
    def support_meddles(self, state: str) -> None:
        self.model.by_hand(state)
        {"forced_open": self.real.force_open, "disabled": self.real.disable, "closed": self.real.reset}[
            state
        ]()

    @invariant()
    def they_agree(self) -> None:
        SEEN[self.model.state] += 1
        assert self.real.state == self.model.state
        assert self.real.retry_in() == (self.model.wait() if self.model.state == "open" else None)

    @invariant()
    def no_more_probes_than_allowed(self) -> None:
        if self.model.state == "half_open":
            assert self.model.probing() <= RULES.probes

    @invariant()
    def each_change_was_told_once_and_in_order(self) -> None:
        states = ["closed", *(event.after for event in self.told)]
        assert [event.before for event in self.told] == states[:-1]
        assert states[-1] == self.real.state


def test_r4_breaker_agrees_with_its_model() -> None:
    SEEN.clear()
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=120,
            stateful_step_count=50,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    # What was never met was not proven.
    print(dict(SEEN))
    for state in ("closed", "open", "half_open", "late", "turned away"):
        assert SEEN[state] >= 50, (state, SEEN)
    # How often these are drawn depends on which of our modules are loaded: Hypothesis looks for values there.
    assert min(SEEN["forced_open"], SEEN["disabled"]) >= 5, SEEN
    assert SEEN["half_open"] >= 500, SEEN
