"""Which operations of a batch may go: one is held whose lane is stuck, or whose cause did not go (S4, S8)."""

from collections.abc import Iterable

from rollbook.contract.operations import Outcome
from rollbook.server.sync.incoming import Incoming

GONE = frozenset({Outcome.APPLIED, Outcome.MERGED, Outcome.DUPLICATE})


class Lanes:
    """Follows one batch in its order."""

    def __init__(self, batch: Iterable[Incoming]) -> None:
        self._in_batch = {item.op_id for item in batch}
        self._gone: set[str] = set()
        self._stuck: dict[str, str] = {}

    def held_by(self, item: Incoming, went_before: Iterable[str]) -> str | None:
        """The operation that ``item`` waits for, if any. ``went_before`` are ids that have a receipt."""
        for lane in item.lanes:
            if lane in self._stuck:
                return self._stuck[lane]
        depends_on = () if item.operation is None else item.operation.depends_on
        for cause in depends_on:
            went = cause in self._gone or (cause not in self._in_batch and cause in went_before)
            if not went:
                return cause
        return None

    def note(self, item: Incoming, outcome: Outcome) -> None:
        """Note what became of ``item``."""
        if outcome in GONE:
            self._gone.add(item.op_id)
            return
        for lane in item.lanes:
            self._stuck.setdefault(lane, item.op_id)
