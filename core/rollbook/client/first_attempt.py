"""What came of a save's first attempt, as an answer to the person (S1)."""

from rollbook.client.values import FirstAttempt, Saved, WaitingEntry
from rollbook.store.states import State

_OUTCOMES = {
    State.APPLIED: "applied",
    State.PARKED: "parked",
    State.CONFLICT: "conflict",
    State.FAILED: "failed",
}


def has_answer(entry: WaitingEntry) -> bool:
    """Whether waiting longer tells nothing new: it was answered, or the network failed it."""
    tried_and_cut = entry.state in (State.UNKNOWN, State.QUEUED) and entry.last_request_id is not None
    return entry.state not in (State.QUEUED, State.SENDING, State.UNKNOWN) or tried_and_cut


def first_attempt(entry: WaitingEntry | None, saved: Saved) -> FirstAttempt:
    """The outcome of the entry as it stands."""
    if entry is None:  # taken back meanwhile
        return FirstAttempt("waiting", saved.action_id, None, None)
    outcome = _OUTCOMES.get(State(entry.state), "waiting")
    return FirstAttempt(outcome, saved.action_id, entry.last_request_id, entry.problem)
