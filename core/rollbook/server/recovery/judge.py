"""What becomes of versions that are given back (S22). Pure: records, candidates, a verdict; no SQL."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from rollbook.contract.feed import Change
from rollbook.contract.recovery import Given
from rollbook.domain.registry import ENTITIES
from rollbook.server.sync.batch import state_of
from rollbook.server.sync.decide import RecordState
from rollbook.server.sync.known import RecordKey
from rollbook.server.sync.seal import Sealer


@dataclass(frozen=True, slots=True)
class Candidate:
    """A version that came back: offered now, or kept here since another request.

    ``before`` is the nearest earlier version that its giver knew. ``operation`` is its owner's bytes.
    """

    change: Change
    before: str
    operation: bytes | None
    user_id: str
    user_name: str
    device: str

    @property
    def key(self) -> RecordKey:
        """Its record."""
        return self.change.entity, self.change.id


@dataclass(slots=True)
class School:
    """What the server has, as far as the candidates touch it.

    ``had`` are (entity, id, version, seal) of versions in the history, also of those right before the
    candidates; ``done`` are (owner, operation id) that have a receipt; ``holders`` gives who holds a unique
    value.
    """

    records: dict[RecordKey, RecordState] = field(default_factory=dict)
    had: set[tuple[str, str, int, str]] = field(default_factory=set)
    done: set[tuple[str, str]] = field(default_factory=set)
    holders: dict[tuple[str, str, Any], str] = field(default_factory=dict)


@dataclass(slots=True)
class Judge:
    """Judges the versions of one request; ``taken`` are those to be written, in order.

    ``ended``: the administrator has ended the recovery, so nothing waits any longer for what is missing.
    """

    school: School
    sealer: Sealer
    ended: bool
    taken: list[tuple[Candidate, RecordState | None]] = field(default_factory=list)
    _apart: set[str] = field(default_factory=set)

    def judge(self, candidates: Iterable[Candidate]) -> dict[str, Given]:
        """What becomes of each, by its seal. Those of a record go in the order of their versions."""
        waiting = sorted(candidates, key=lambda item: (item.key, item.change.version))
        given: dict[str, Given] = {}
        blocked = True
        while blocked and waiting:
            # A value that must be held once may be let go by a record that comes later in this order.
            left = [item for item in waiting if not self._settled(item, given, last=False)]
            blocked = len(left) < len(waiting)
            waiting = left
        for item in waiting:
            self._settled(item, given, last=True)
        return given

    def built_on(self, change: Change) -> bool:
        """Whether the version right before it is here, or there was none."""
        before = (change.entity, change.id, change.version - 1, change.after)
        return not change.after or before in self.school.had

    def _settled(self, item: Candidate, given: dict[str, Given], *, last: bool) -> bool:
        found = self._of(item)
        if found is Given.TAKEN and not self._values_free(item):
            if not last:
                return False
            found = Given.APART
        if found is Given.HELD and not last:
            return False
        if found is Given.TAKEN:
            self._take(item)
        if found is Given.APART:
            self._apart.add(item.change.seal)
        given[item.change.seal] = found
        return True

    def _of(self, item: Candidate) -> Given:
        change, state = item.change, self.school.records.get(item.key)
        version = 0 if state is None else state.version
        seal = self.sealer.seal_at(*item.key, state)
        if (*item.key, change.version, change.seal) in self.school.had or seal == change.seal:
            return Given.KNOWN
        if (change.owner, change.op_id) in self.school.done:
            self._apart.add(change.seal)  # its operation was done anew, on something else
            return Given.KNOWN
        if version + 1 == change.version and seal == change.after:
            return Given.TAKEN
        if self.ended and version < change.version and seal == item.before:
            return Given.TAKEN  # nobody has what was between them, but it is in these values
        if self.ended or version >= change.version or change.after in self._apart:
            return Given.APART
        return Given.HELD

    def _values_free(self, item: Candidate) -> bool:
        values = item.change.values or {}
        return item.change.deleted or all(
            self.school.holders.get((item.change.entity, name, values[name]), item.change.id)
            == item.change.id
            for name in _unique(item.change.entity)
            if values.get(name) is not None
        )

    def _take(self, item: Candidate) -> None:
        change, old = item.change, self.school.records.get(item.key)
        values = {name: (change.values or {}).get(name) for name in ENTITIES[change.entity].names}
        self.school.records[item.key] = state_of(change, values)
        for name in _unique(change.entity):
            if old is not None and old.values[name] is not None:
                self.school.holders.pop((change.entity, name, old.values[name]), None)
            if not change.deleted and values[name] is not None:
                self.school.holders[change.entity, name, values[name]] = change.id
        self.school.had.add((*item.key, change.version, change.seal))
        self.taken.append((item, old))


def _unique(entity: str) -> list[str]:
    return [spec.name for spec in ENTITIES[entity].fields if spec.unique]
