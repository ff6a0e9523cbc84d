"""One batch decided in memory: each operation sees the records as the earlier ones leave them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import structlog

from rollbook.contract.feed import Change
from rollbook.contract.operations import NO_RECORD, Conflict, Kind, Operation, Outcome, Result
from rollbook.contract.problems import FieldProblem, Problem
from rollbook.domain.canonical import canonical_values
from rollbook.domain.entity import EntityType
from rollbook.domain.scope import Act
from rollbook.resilience.where_it_broke import where_it_broke
from rollbook.server.auth.caller import Caller
from rollbook.server.erasure.reading import named_by
from rollbook.server.files.chunks import Whole, files_named
from rollbook.server.sync.decide import (
    AlreadySo,
    Clash,
    Decider,
    PastChange,
    RecordState,
    Refusal,
    Subject,
    Write,
    decide,
)
from rollbook.server.sync.identity import key_of
from rollbook.server.sync.incoming import Incoming
from rollbook.server.sync.known import Known, Receipt, RecordKey
from rollbook.server.sync.lanes import Lanes
from rollbook.server.sync.seal import Sealer

log = structlog.get_logger("rollbook.server.push")
MakeProblem = Callable[[str, str, tuple[FieldProblem, ...]], Problem]


@dataclass(frozen=True, slots=True)
class Step:
    """One version of one record: what goes to the history and to the feed."""

    operation: Operation
    key: RecordKey
    state: RecordState
    changes: dict[str, tuple[Any, Any]]
    change: Change


@dataclass(frozen=True, slots=True)
class NewReceipt:
    """A receipt to be kept; ``step`` is the index of its step, ``None`` where nothing had to change."""

    op_id: str
    receipt: Receipt
    step: int | None


@dataclass(frozen=True, slots=True)
class NewAlias:
    """An id that from now on means another record (S16, D4)."""

    entity: str
    alias_id: str
    record_id: str
    op_id: str


@dataclass(slots=True)
class Batch:
    """Decides operations one after the other and collects what is to be written."""

    caller: Caller
    known: Known
    lanes: Lanes
    at: str
    make_problem: MakeProblem
    sealer: Sealer
    decided_by: Decider = decide
    with_the_registrar: Mapping[str, bytes] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    receipts: list[NewReceipt] = field(default_factory=list)
    aliases: list[NewAlias] = field(default_factory=list)
    before: dict[RecordKey, RecordState | None] = field(default_factory=dict)

    def run(self, incoming: Sequence[Incoming]) -> list[Result]:
        """One result for each operation, in order."""
        results = []
        for item in incoming:
            result = self._result_of(item)
            self.lanes.note(item, result.outcome)
            results.append(result)
        return results

    def _result_of(self, item: Incoming) -> Result:
        settled = self._settled_before(item)
        if settled is not None:
            return settled
        handed_over = self.with_the_registrar.get(item.op_id)
        if handed_over is not None:
            same = handed_over == item.digest
            code = "with-the-registrar" if same else "idempotency-mismatch"
            return self._without_write(item, Outcome.REJECTED, code)
        holder = self.lanes.held_by(item, self.known.receipts)
        if holder is not None:
            return Result(op_id=item.op_id, outcome=Outcome.HELD, held_by=holder)
        refused = self._refused_unread(item)
        if refused is not None:
            return refused
        assert item.operation is not None
        assert item.entity is not None
        files = {self.known.files.get(text) for text in files_named(item.entity, item.operation)}
        if Whole.MISSING in files:
            return self._without_write(item, Outcome.FAILED, "file-missing")
        if Whole.UNFIT in files:
            return self._without_write(item, Outcome.REJECTED, "validation-failed")
        try:
            if item.operation.kind is Kind.ALIAS:
                return self._aliased(item, item.entity, item.operation)
            return self._decided(item, item.entity, self._meant(item.entity, item.operation))
        except Exception as error:
            # One operation that we stumble over must not stop the others' (S8).
            log.error("operation_failed", op_id=item.op_id, **where_it_broke(error))
            return self._without_write(item, Outcome.FAILED, "internal-error")

    def _settled_before(self, item: Incoming) -> Result | None:
        """What the past says of it: who was erased takes nothing any more, what was applied is not again."""
        if item.operation is not None and self.known.erased & named_by(item.operation):
            return self._without_write(item, Outcome.REJECTED, "erased")
        known = self.known.receipts.get(item.op_id)
        if known is not None:
            return self._again(item, known)
        if item.op_id in self.known.too_old:
            return self._without_write(item, Outcome.REJECTED, "outcome-too-old")
        return None

    def _again(self, item: Incoming, known: Receipt) -> Result:
        """The same id again: what came of it, unless other bytes came under it (S7)."""
        if self._is_another(item, known):
            return self._without_write(item, Outcome.REJECTED, "idempotency-mismatch")
        return Result(
            op_id=item.op_id,
            outcome=Outcome.DUPLICATE,
            version=known.version,
            record=self._record((known.entity, known.entity_id)),
            merged_fields=known.merged_fields,
        )

    def _is_another(self, item: Incoming, known: Receipt) -> bool:
        """Whether other bytes came under the id before.

        Of what was given back by who did not have the bytes, it is known what the record was after it: one
        that wants another value is another (S22).
        """
        if known.digest:
            return known.digest != item.digest
        made = self.known.made.get(item.op_id)
        if made is None or item.operation is None or item.entity is None:
            return False
        given = {name: change.value for name, change in item.operation.changes.items()}
        wanted, _breaches = canonical_values(item.entity, given)
        return any(made.get(name) != value for name, value in wanted.items())

    def _refused_unread(self, item: Incoming) -> Result | None:
        if item.problem is not None:
            return self._without_write(item, Outcome.REJECTED, item.problem.code, item.problem.errors)
        entity = item.entity
        assert item.operation is not None
        if entity is None or not 1 <= item.operation.payload_version <= entity.payload_version:
            return self._without_write(item, Outcome.REJECTED, "payload-unsupported")
        if not entity.writable or not self.caller.may(Act.WRITE, entity.name):
            return self._without_write(item, Outcome.REJECTED, "forbidden")
        return None

    def _meant(self, entity: EntityType, operation: Operation) -> Operation:
        """The operation on the record that it means; an id whose record was found by key is kept (S16)."""
        record_id = self.known.meant(entity, operation)
        if record_id == operation.entity_id:
            return operation
        if (entity.name, operation.entity_id) not in self.known.aliases and not operation.strict:
            self._note_alias(entity, operation.entity_id, record_id, operation.op_id)
        return msgspec.structs.replace(operation, entity_id=record_id)

    def _aliased(self, item: Incoming, entity: EntityType, operation: Operation) -> Result:
        """A record that was never sent is said to be another one (D4): later operations on it go there."""
        assert operation.alias is not None
        named = (entity.name, operation.alias)
        record_id = self.known.aliases.get((entity.name, operation.entity_id), operation.entity_id)
        if (entity.name, record_id) not in self.known.records:
            return self._without_write(item, Outcome.REJECTED, "not-found")
        if not self._may_write((entity.name, record_id), operation):
            return self._without_write(item, Outcome.REJECTED, "forbidden")
        if named in self.known.records or self.known.aliases.get(named, record_id) != record_id:
            return self._without_write(item, Outcome.REJECTED, "already-exists")
        if named not in self.known.aliases:
            self._note_alias(entity, operation.alias, record_id, operation.op_id)
        meant = msgspec.structs.replace(operation, entity_id=record_id)
        return self._went(item, meant, (), merged=False, step=None)

    def _note_alias(self, entity: EntityType, alias_id: str, record_id: str, op_id: str) -> None:
        self.known.aliases[entity.name, alias_id] = record_id
        self.aliases.append(NewAlias(entity.name, alias_id, record_id, op_id))

    def _decided(self, item: Incoming, entity: EntityType, operation: Operation) -> Result:
        key = (entity.name, operation.entity_id)
        past = self.known.past.get(key, ())
        if not self._may_write(key, operation):
            return self._without_write(item, Outcome.REJECTED, "forbidden")
        missing = tuple(self._naming_nothing(entity, operation))
        if missing:
            return self._without_write(item, Outcome.REJECTED, "validation-failed", missing)
        caller = self.caller
        subject = Subject(entity, self.known.records.get(key), past, caller.user_id, caller.rights)
        verdict = self.decided_by(
            subject, operation, lambda name, value: self.known.holders.get((entity.name, name, value))
        )
        match verdict:
            case Write():
                return self._written(item, entity, operation, verdict)
            case AlreadySo(merged_fields):
                return self._went(item, operation, merged_fields, merged=True, step=None)
            case Refusal(code, errors):
                return self._without_write(item, Outcome.REJECTED, code, errors)
            case Clash(code, conflict):
                return self._without_write(item, Outcome.CONFLICT, code, conflict=conflict, key=key)

    def _naming_nothing(self, entity: EntityType, operation: Operation) -> Iterator[FieldProblem]:
        """References of the operation that lead nowhere, also not to what was made earlier in the batch."""
        for spec in entity.references:
            change = operation.changes.get(spec.name)
            if change is None or not isinstance(change.value, str) or not change.value:
                continue  # what is no text at all is refused with the other values
            named = (spec.refers_to, change.value)
            if named not in self.known.named and named not in self.known.records:
                yield FieldProblem(
                    spec.name, "There is no such record.", "Choose it from the list.", "no-such-record"
                )

    def _may_write(self, key: RecordKey, operation: Operation) -> bool:
        """Whether the record, as it is or as it would be made, is one that the caller may write."""
        state = self.known.records.get(key)
        made = {name: change.value for name, change in operation.changes.items()}
        return self.caller.covers(Act.WRITE, *key, made if state is None else state.values)

    def _written(self, item: Incoming, entity: EntityType, operation: Operation, verdict: Write) -> Result:
        key = (entity.name, operation.entity_id)
        old = self.known.records.get(key)
        change = self._sealed(key, operation, old, verdict)
        state = state_of(change, verdict.values)
        had = old.values if old else dict.fromkeys(entity.names)
        changes = {name: (had[name], value) for name, value in state.values.items() if had[name] != value}
        self.before.setdefault(key, old)
        self.known.records[key] = state
        self._note_holders(entity, key, old, state)
        self._note_past(key, operation, state, frozenset(changes))
        self.steps.append(Step(operation, key, state, changes, change))
        step = len(self.steps) - 1
        return self._went(
            item, operation, verdict.merged_fields, merged=bool(verdict.merged_fields), step=step
        )

    def _sealed(
        self, key: RecordKey, operation: Operation, old: RecordState | None, verdict: Write
    ) -> Change:
        change = Change(
            entity=key[0],
            id=key[1],
            version=(old.version if old else 0) + 1,
            values=dict(verdict.values),
            deleted=verdict.deleted,
            by=self.caller.user_name,
            at=self.at,
            op_id=operation.op_id,
            owner=self.caller.user_id,
            after=self.sealer.seal_at(*key, old),
        )
        return msgspec.structs.replace(change, seal=self.sealer.seal_of(change))

    def _went(
        self,
        item: Incoming,
        operation: Operation,
        merged_fields: tuple[str, ...],
        *,
        merged: bool,
        step: int | None,
    ) -> Result:
        key = (operation.entity, operation.entity_id)
        outcome = Outcome.MERGED if merged else Outcome.APPLIED
        version = self.known.records[key].version
        receipt = Receipt(item.digest, *key, outcome.value, version, merged_fields)
        self.known.receipts[item.op_id] = receipt
        self.receipts.append(NewReceipt(item.op_id, receipt, step))
        return Result(
            op_id=item.op_id,
            outcome=outcome,
            version=version,
            record=self._record(key) if step is None else self._told(self.steps[step].change),
            merged_fields=merged_fields,
        )

    def _without_write(
        self,
        item: Incoming,
        outcome: Outcome,
        code: str,
        errors: tuple[FieldProblem, ...] = (),
        conflict: Conflict | None = None,
        key: RecordKey | None = None,
    ) -> Result:
        return Result(
            op_id=item.op_id,
            outcome=outcome,
            version=conflict.version if conflict else None,
            record=self._record(key) if key else NO_RECORD,
            conflict=conflict,
            problem=self.make_problem(code, "", errors),
        )

    def _record(self, key: RecordKey) -> msgspec.Raw:
        state = self.known.records.get(key)
        if state is None:
            return NO_RECORD
        entity, record_id = key
        return self._told(
            Change(
                entity,
                record_id,
                state.version,
                dict(state.values),
                state.deleted,
                state.changed_by,
                state.changed_at,
                seal=state.seal,
            )
        )

    def _told(self, change: Change) -> msgspec.Raw:
        readable = self.caller.covers(Act.READ, change.entity, change.id, change.values or {})
        return msgspec.Raw(msgspec.json.encode(change)) if readable else NO_RECORD

    def _note_holders(
        self, entity: EntityType, key: RecordKey, old: RecordState | None, new: RecordState
    ) -> None:
        for spec in entity.fields:
            if not spec.unique:
                continue
            if (
                old is not None
                and self.known.holders.get((entity.name, spec.name, old.values[spec.name])) == key[1]
            ):
                del self.known.holders[entity.name, spec.name, old.values[spec.name]]
            if not new.deleted and new.values[spec.name] is not None:
                self.known.holders[entity.name, spec.name, new.values[spec.name]] = key[1]
        self._note_natural_key(entity, key[1], old, new)

    def _note_natural_key(
        self, entity: EntityType, record_id: str, old: RecordState | None, new: RecordState
    ) -> None:
        before, after = (None if old is None else key_of(entity, old.values)), key_of(entity, new.values)
        if before is not None and self.known.holders.get(before) == record_id:
            del self.known.holders[before]
        if after is not None:
            (self.known.archived if new.deleted else self.known.holders)[after] = record_id

    def _note_past(
        self, key: RecordKey, operation: Operation, state: RecordState, fields: frozenset[str]
    ) -> None:
        self.known.past.setdefault(key, []).append(
            PastChange(
                version=state.version,
                fields=fields,
                by=state.changed_by,
                at=state.changed_at,
                by_id=self.caller.user_id,
                device=operation.device,
                sequence=operation.sequence,
                same_batch=True,
                seal=state.seal,
            )
        )


def state_of(change: Change, values: Mapping[str, Any]) -> RecordState:
    """The record as ``change`` leaves it."""
    return RecordState(
        version=change.version,
        values=values,
        deleted=change.deleted,
        changed_by=change.by,
        changed_at=change.at,
        seal=change.seal,
    )
