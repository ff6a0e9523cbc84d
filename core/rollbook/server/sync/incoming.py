"""Operations as they came: their bytes, their digest, and what could be read of them (S7, S8)."""

import hashlib
import re
from dataclasses import dataclass
from typing import Any

import msgspec

from rollbook.contract.operations import Kind, Operation
from rollbook.contract.problems import FieldProblem
from rollbook.domain.entity import EntityType
from rollbook.domain.registry import ENTITIES
from rollbook.server.problems import ProblemError
from rollbook.server.wire import shape_problem

_OP_ID = re.compile(r"[A-Za-z0-9._:-]{8,100}")
RECORD_ID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_RECORD_ID = re.compile(RECORD_ID)
_DEVICE = re.compile(r"[A-Za-z0-9._-]{0,64}")
MAX_NAMED = 100
MAX_NUMBER = 2**53


@dataclass(frozen=True, slots=True)
class Incoming:
    """One operation of a batch. ``operation`` is ``None`` where ``problem`` says why it is refused unread."""

    op_id: str
    digest: bytes
    lanes: tuple[str, ...]
    operation: Operation | None
    problem: ProblemError | None = None
    again_at: int | None = None  # it was sent before, when its sender knew the feed up to there

    @property
    def entity(self) -> EntityType | None:
        """The entity that it writes, where there is one of that name."""
        return None if self.operation is None else ENTITIES.get(self.operation.entity)


def read_incoming(raw: bytes) -> Incoming:
    """Read one operation; whatever is wrong with it is its own problem and no other's."""
    digest = hashlib.sha256(raw).digest()
    try:
        operation = msgspec.json.decode(raw, type=Operation)
        _check_names(operation)
    except msgspec.ValidationError as error:
        return _unread(raw, digest, ProblemError("validation-failed", errors=(shape_problem(error),)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _unread(raw, digest, ProblemError("malformed-request", "The operation is not JSON."))
    except ProblemError as error:
        return _unread(raw, digest, error)
    return Incoming(operation.op_id, digest, operation.lanes or (operation.entity_id,), operation)


def is_record_id(text: str) -> bool:
    """Whether ``text`` is an id as Rollbook makes them (S2): a UUID in lower case."""
    return _RECORD_ID.fullmatch(text) is not None


def is_operation_id(text: str) -> bool:
    """Whether ``text`` can be an operation's id, which is also its idempotency key."""
    return _OP_ID.fullmatch(text) is not None


def _check_names(operation: Operation) -> None:
    wrong = [name for name, fine in _names_of(operation).items() if not fine]
    if operation.kind is not Kind.CREATE and operation.base_version is None:
        wrong.append("base_version")
    if wrong:
        errors = tuple(
            FieldProblem(field=name, message="This is missing or not of its form.", code="wrong-form")
            for name in wrong
        )
        raise ProblemError("validation-failed", errors=errors)


def _names_of(operation: Operation) -> dict[str, bool]:
    return {
        "op_id": is_operation_id(operation.op_id),
        "entity_id": is_record_id(operation.entity_id),
        "alias": _names_alias(operation),
        "device": _DEVICE.fullmatch(operation.device) is not None,
        "sequence": 0 <= operation.sequence < MAX_NUMBER,
        "base_version": operation.base_version is None or 0 <= operation.base_version < MAX_NUMBER,
        "lanes": len(operation.lanes) <= MAX_NAMED,
        "depends_on": len(operation.depends_on) <= MAX_NAMED
        and all(map(is_operation_id, operation.depends_on)),
    }


def _names_alias(operation: Operation) -> bool:
    if operation.kind is not Kind.ALIAS:
        return operation.alias is None
    return operation.alias not in (None, operation.entity_id) and is_record_id(operation.alias or "")


def _unread(raw: bytes, digest: bytes, problem: ProblemError) -> Incoming:
    """An operation that is refused, with the lanes that it holds up where they can be made out."""
    content = _loosely(raw)
    op_id = content.get("op_id")
    lanes = content.get("lanes") or (content.get("entity_id"),)
    named = tuple(lane for lane in lanes if isinstance(lane, str)) if isinstance(lanes, list | tuple) else ()
    return Incoming(op_id if isinstance(op_id, str) else "", digest, named, None, problem)


def _loosely(raw: bytes) -> dict[str, Any]:
    try:
        content = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
