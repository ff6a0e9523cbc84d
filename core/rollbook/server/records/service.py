"""Single calls made into operations, which go the same way as a push (S8)."""

import re
from typing import Any

from rollbook.contract.operations import (
    FieldChange,
    Kind,
    Operation,
    Outcome,
    Result,
    operation_bytes,
)
from rollbook.contract.problems import FieldProblem
from rollbook.domain.entity import EntityType
from rollbook.domain.ids import natural_id
from rollbook.server.auth.caller import Caller
from rollbook.server.problems import ProblemError
from rollbook.server.records.views import NewRecord, RecordChange
from rollbook.server.request_context import current
from rollbook.server.sync.incoming import is_operation_id, is_record_id
from rollbook.server.sync.push import PushService

_ENTITY_TAG = re.compile(r'"([0-9]{1,15})"')


class RecordCalls:
    """The writes of one entity. Each call's bytes depend on the call alone, so that a repeat is one."""

    def __init__(self, push: PushService, entity: EntityType) -> None:
        self._push = push
        self._entity = entity.name

    def create(self, caller: Caller, key: str | None, asked: NewRecord) -> str:
        """Make a record; gives its id."""
        op_id = operation_id_of(key)
        record_id = asked.id or natural_id(self._entity, caller.school_id, caller.user_id, op_id)
        changes = {name: FieldChange(None, value) for name, value in asked.values.items()}
        self._go(caller, self._operation(op_id, Kind.CREATE, record_id, changes=changes, strict=True))
        return record_id

    def change(
        self, caller: Caller, key: str | None, record_id: str, asked: RecordChange, if_match: str | None
    ) -> None:
        """Change a record: strictly with ``if_match``, by field with ``had`` (S13)."""
        op_id = operation_id_of(key)
        _check_is_id(record_id)
        strict = if_match is not None
        if not strict:
            _check_seen(asked)
        had = asked.had or {}
        changes = {name: FieldChange(had.get(name), value) for name, value in asked.values.items()}
        base = version_of_tag(if_match) if if_match is not None else asked.base_version
        self._go(
            caller, self._operation(op_id, Kind.UPDATE, record_id, changes=changes, base=base, strict=strict)
        )

    def archive(self, caller: Caller, key: str | None, record_id: str, if_match: str | None) -> None:
        """Archive a record as it was at ``if_match``."""
        op_id = operation_id_of(key)
        _check_is_id(record_id)
        if if_match is None:
            raise ProblemError("validation-failed", errors=(_needed("If-Match"),))
        self._go(
            caller,
            self._operation(op_id, Kind.ARCHIVE, record_id, base=version_of_tag(if_match), strict=True),
        )

    def _go(self, caller: Caller, operation: Operation) -> None:
        [result] = self._push.take(caller, [operation_bytes(operation)])
        if result.outcome not in (Outcome.APPLIED, Outcome.MERGED, Outcome.DUPLICATE):
            raise _as_problem(result)

    def _operation(
        self,
        op_id: str,
        kind: Kind,
        record_id: str,
        *,
        changes: dict[str, FieldChange] | None = None,
        base: int | None = None,
        strict: bool,
    ) -> Operation:
        return Operation(
            op_id=op_id,
            kind=kind,
            entity=self._entity,
            entity_id=record_id,
            changes=changes or {},
            base_version=base,
            device=current().device,
            strict=strict,
        )


def operation_id_of(key: str | None) -> str:
    """The id of the operation that a request with this idempotency key is. Raises :class:`ProblemError`."""
    if not key:
        raise ProblemError("idempotency-key-missing")
    if not is_operation_id(key):
        raise ProblemError("malformed-request", "An idempotency key has 8 to 100 letters, digits or . _ : -")
    return key


def _check_is_id(record_id: str) -> None:
    """No record has another kind of id: it is as unknown to a writer as to a reader."""
    if not is_record_id(record_id):
        raise ProblemError("not-found")


def version_of_tag(if_match: str) -> int:
    """The version whose entity tag it is. Raises :class:`ProblemError` ``version-mismatch``."""
    match = _ENTITY_TAG.fullmatch(if_match.strip())
    if match is None:
        # No record ever has such a tag, so none matches it.
        raise ProblemError("version-mismatch")
    return int(match[1])


def _check_seen(asked: RecordChange) -> None:
    missing = [_needed("base_version")] if asked.base_version is None else []
    missing += [_needed(f"had.{name}") for name in asked.values if name not in (asked.had or {})]
    if missing:
        raise ProblemError("validation-failed", "Without If-Match, say what was seen.", errors=tuple(missing))


def _needed(name: str) -> FieldProblem:
    return FieldProblem(field=name, message="This is needed.", code="required")


def _as_problem(result: Result) -> ProblemError:
    problem = result.problem
    if problem is None:
        return ProblemError("internal-error")
    clashing: dict[str, Any] = result.conflict.fields if result.conflict else {}
    errors = problem.errors or tuple(
        FieldProblem(field=name, message="The server has another value.", code="conflict")
        for name in clashing
    )
    return ProblemError(problem.error, problem.detail, errors=errors)
