"""What becomes of one operation (S13, S15, S16). Pure: a record, what happened to it, an operation; no SQL.

The order of checks: the values by themselves, who may change them, the record's state, the merge by field,
the whole record's rules, what must be held once in a school.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from rollbook.contract.operations import Conflict, Kind, Operation
from rollbook.contract.problems import FieldProblem
from rollbook.domain.canonical import UnfitError, breaches_of, canonical_value, canonical_values
from rollbook.domain.entity import EntityType, RuleBreach
from rollbook.domain.field_rights import without_right
from rollbook.domain.roles import Right
from rollbook.server.problems import field_problems
from rollbook.server.sync.identity import key_name

HolderOf = Callable[[str, Any], str | None]
"""Gives the id of the live record that holds a value of a unique field, or the values of a natural key."""

_TAKEN = {"student_number": "student-number-taken"}


@dataclass(frozen=True, slots=True)
class RecordState:
    """A record as the server has it; ``values`` are all its fields, canonical."""

    version: int
    values: Mapping[str, Any]
    deleted: bool
    changed_by: str
    changed_at: str
    seal: str = ""


@dataclass(frozen=True, slots=True)
class PastChange:
    """What one earlier operation changed. ``same_batch`` tells one that stands earlier in this batch."""

    version: int
    fields: frozenset[str]
    by: str
    at: str
    by_id: str
    device: str
    sequence: int
    same_batch: bool = False
    seal: str = ""


@dataclass(frozen=True, slots=True)
class Write:
    """The record's next state. ``merged_fields`` are what others had changed meanwhile."""

    values: Mapping[str, Any]
    deleted: bool
    merged_fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AlreadySo:
    """The record is as the operation wants it; nothing is written but a receipt."""

    merged_fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """The operation can never be done as it is."""

    code: str
    errors: tuple[FieldProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class Clash:
    """Someone else was first; a person chooses (S14, S15)."""

    code: str
    conflict: Conflict


Verdict = Write | AlreadySo | Refusal | Clash


@dataclass(frozen=True, slots=True)
class Subject:
    """What an operation meets: the record (``None`` where there is none) and its changes, oldest first.

    ``asker`` is the user's id, ``rights`` what their role allows.
    """

    entity: EntityType
    state: RecordState | None
    past: Sequence[PastChange]
    asker: str
    rights: frozenset[Right]


Decider = Callable[["Subject", Operation, HolderOf], Verdict]


def decide(subject: Subject, operation: Operation, holder_of: HolderOf) -> Verdict:
    """What becomes of ``operation``."""
    given = {name: change.value for name, change in operation.changes.items()}
    wanted, breaches = canonical_values(subject.entity, given)
    if breaches:
        return Refusal("validation-failed", field_problems(breaches))
    forbidden = _without_right(subject, operation, wanted)
    if forbidden:
        return Refusal("forbidden", field_problems(forbidden))
    if operation.kind is Kind.CREATE:
        verdict = _create(subject, operation, wanted)
    else:
        verdict = _change(subject, operation, wanted)
    if not isinstance(verdict, Write) or verdict.deleted:
        return verdict
    return (
        _against_rules(subject, operation, verdict)
        or _against_others(subject, operation, verdict, holder_of)
        or verdict
    )


def _without_right(subject: Subject, operation: Operation, wanted: dict[str, Any]) -> tuple[RuleBreach, ...]:
    """Fields that the asker would change and may not; one that they leave as it is needs no right."""
    before = subject.state.values if subject.state is not None and not subject.state.deleted else {}
    after = {} if operation.kind is Kind.ARCHIVE else {**before, **_edited(subject, operation, wanted)}
    return without_right(subject.entity, subject.rights, before, after)


def _create(subject: Subject, operation: Operation, wanted: dict[str, Any]) -> Verdict:
    state = subject.state
    fresh = {name: wanted.get(name) for name in subject.entity.names}
    if state is None:
        return Write(fresh, deleted=False)
    if state.deleted:
        # Creating again what was archived names the tombstone's version (S16).
        if operation.base_version == state.version and version_seen(state, subject.past, operation):
            return Write(fresh, deleted=False)
        return Clash("archived-meanwhile", _conflict(subject, tuple(wanted)))
    if operation.strict:
        return Clash("already-exists", _conflict(subject, tuple(wanted)))
    merged = _merge(subject, operation if operation.base_version else _seeing_nothing(operation), wanted)
    return replace(merged, code="already-exists") if isinstance(merged, Clash) else merged


def _change(subject: Subject, operation: Operation, wanted: dict[str, Any]) -> Verdict:
    state = subject.state
    if state is None:
        return Refusal("not-found")
    if operation.strict and operation.base_version != state.version:
        return Clash("version-mismatch", _conflict(subject, tuple(wanted)))
    if operation.kind is Kind.ARCHIVE:
        return _archive(subject, operation, state)
    if state.deleted:
        return Clash("archived-meanwhile", _conflict(subject, tuple(wanted)))
    return _merge(subject, operation, wanted)


def _archive(subject: Subject, operation: Operation, state: RecordState) -> Verdict:
    if state.deleted:
        return AlreadySo()
    unseen = _changed_by_others(subject, operation)
    if unseen:
        return Clash("edit-conflict", _conflict(subject, _ordered(subject.entity, unseen)))
    return Write(state.values, deleted=True)


def _merge(subject: Subject, operation: Operation, wanted: dict[str, Any]) -> Verdict:
    state = subject.state
    assert state is not None
    wanted = _edited(subject, operation, wanted)
    unseen = frozenset() if operation.strict else _changed_by_others(subject, operation)
    clashing: set[str] = set()
    for group in {subject.entity.group_of(name) for name in wanted}:
        if not operation.strict and _clashes(subject, operation, wanted, group, unseen):
            clashing.update(group)
    if clashing:
        return Clash("edit-conflict", _conflict(subject, _ordered(subject.entity, clashing)))
    merged = _ordered(subject.entity, unseen)
    values = {**state.values, **wanted}
    if values == dict(state.values):
        return AlreadySo(merged)
    return Write(values, deleted=False, merged_fields=merged)


def _edited(subject: Subject, operation: Operation, wanted: dict[str, Any]) -> dict[str, Any]:
    """A value that was entered as it stood is no edit: it must neither clash nor win."""
    return {
        name: value
        for name, value in wanted.items()
        if operation.strict or value != _had(subject.entity, operation, name)
    }


def _clashes(
    subject: Subject,
    operation: Operation,
    wanted: Mapping[str, Any],
    group: tuple[str, ...],
    unseen: frozenset[str],
) -> bool:
    """Whether the fields of ``group``, which one rule binds, differ on both sides (S13)."""
    assert subject.state is not None
    here = subject.state.values
    edited = [name for name in group if name in wanted]
    if all(here[name] == wanted[name] for name in edited):
        return False
    if any(name in unseen for name in group if name not in wanted):
        return True
    return any(here[name] not in (wanted[name], _had(subject.entity, operation, name)) for name in edited)


def _had(entity: EntityType, operation: Operation, name: str) -> Any:
    """What the person saw, in canonical form; a create saw nothing, unless it names a tombstone (S16)."""
    if operation.kind is Kind.CREATE and not operation.base_version:
        return None
    spec = entity.field(name)
    assert spec is not None
    seen = operation.changes[name].had
    try:
        return canonical_value(spec, seen)
    except UnfitError:
        return seen


def _changed_by_others(subject: Subject, operation: Operation) -> frozenset[str]:
    """The fields that changed after what the person saw, but for their own earlier operations."""
    base = 0 if subject.state is None else version_seen(subject.state, subject.past, operation)
    return frozenset(
        name
        for change in subject.past
        if change.version > base and not _own(subject, operation, change)
        for name in change.fields
    )


def version_seen(state: RecordState, past: Sequence[PastChange], operation: Operation) -> int:
    """The version that the person saw; 0 where this server does not have that very version.

    ``state`` is the record now. The server was put back to an earlier state then, and what has the number
    now is something else (S22).
    """
    base = operation.base_version or 0
    if base > state.version:
        return 0
    if not operation.base_seal:
        return base
    if base == state.version:
        return base if state.seal == operation.base_seal else 0
    seen = any(change.version == base and change.seal == operation.base_seal for change in past)
    return base if seen else 0


def _own(subject: Subject, operation: Operation, change: PastChange) -> bool:
    # The base of an operation is frozen before the ones in front of it in its lane have come back.
    if change.same_batch:
        return True
    same_desk = change.by_id == subject.asker and bool(operation.device) and change.device == operation.device
    return same_desk and 0 < change.sequence < operation.sequence


def _against_rules(subject: Subject, _operation: Operation, verdict: Write) -> Refusal | None:
    breaches = breaches_of(subject.entity, verdict.values)
    return Refusal("validation-failed", field_problems(breaches)) if breaches else None


def _against_others(
    subject: Subject, operation: Operation, verdict: Write, holder_of: HolderOf
) -> Clash | None:
    for spec in subject.entity.fields:
        value = verdict.values[spec.name]
        if not spec.unique or value is None:
            continue
        holder = holder_of(spec.name, value)
        if holder is not None and holder != operation.entity_id:
            return _taken(subject, _TAKEN.get(spec.name, "value-taken"), {spec.name: value}, holder)
    return _against_keys(subject, operation, verdict, holder_of)


def _against_keys(
    subject: Subject, operation: Operation, verdict: Write, holder_of: HolderOf
) -> Clash | None:
    """A natural key that the operation gives its record and another has: perhaps it is the same (S16)."""
    for key in subject.entity.natural_keys:
        given = {name: verdict.values[name] for name in key if name in operation.changes}
        values = tuple(verdict.values[name] for name in key)
        holder = holder_of(key_name(key), values) if given and all(values) else None
        if holder is not None and holder != operation.entity_id:
            return _taken(subject, "value-taken", given, holder)
    return None


def _taken(subject: Subject, code: str, values: dict[str, Any], holder: str) -> Clash:
    found = _conflict(subject, ())
    return Clash(code, Conflict(fields={**values, "other_id": holder}, version=found.version))


def _conflict(subject: Subject, names: tuple[str, ...]) -> Conflict:
    state = subject.state
    if state is None:
        return Conflict()
    touching = [change for change in subject.past if change.fields.intersection(names)]
    by, at = (touching[-1].by, touching[-1].at) if touching else (state.changed_by, state.changed_at)
    return Conflict(
        fields={name: state.values[name] for name in names},
        version=state.version,
        deleted=state.deleted,
        changed_by=by,
        changed_at=at,
    )


def _ordered(entity: EntityType, names: Iterable[str]) -> tuple[str, ...]:
    wanted = set(names)
    return tuple(name for name in entity.names if name in wanted)


def _seeing_nothing(create: Operation) -> Operation:
    return msgspec.structs.replace(create, base_version=0)
