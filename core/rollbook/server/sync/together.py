"""Changes of several records that are one act of a person: all are applied, or none (S8)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from rollbook.contract.operations import FieldChange, Kind, Operation, Outcome, Result
from rollbook.contract.problems import FieldProblem
from rollbook.domain.ids import natural_id
from rollbook.server.problems import ProblemError
from rollbook.server.request_context import current
from rollbook.server.sync.incoming import Incoming

_WENT = frozenset({Outcome.APPLIED, Outcome.MERGED, Outcome.DUPLICATE})


@dataclass(frozen=True, slots=True)
class Step:
    """A change of one record as it was read: ``base`` is its version, ``None`` for a new one.

    ``place`` is where of the request it stands, such as ``marks.3``; ``had`` are the values that were read.
    """

    entity: str
    record_id: str
    changes: dict[str, Any]
    base: int | None
    had: dict[str, Any] = field(default_factory=dict)
    kind: Kind = Kind.UPDATE
    place: str = ""


def incoming_of(key: str, digest: bytes, owner: str, steps: Sequence[Step]) -> list[Incoming]:
    """The steps as operations. The first has the request's own key and digest, so that its receipt is the
    request's; the ids of the others are made from it."""
    made = []
    for number, step in enumerate(steps):
        op_id = key if number == 0 else natural_id("step", owner, key, str(number))
        operation = Operation(
            op_id=op_id,
            kind=step.kind,
            entity=step.entity,
            entity_id=step.record_id,
            changes={name: FieldChange(step.had.get(name), value) for name, value in step.changes.items()},
            base_version=step.base,
            device=current().device,
            strict=True,
        )
        made.append(Incoming(op_id, digest, (step.record_id,), operation))
    return made


def check_all_went(steps: Sequence[Step], results: Sequence[Result]) -> None:
    """Raises :class:`ProblemError` with each field of each step that did not go.

    What another has changed meanwhile is ``version-mismatch``, whichever record it was.
    """
    refused = [
        (step, result) for step, result in zip(steps, results, strict=True) if result.outcome not in _WENT
    ]
    if not refused:
        return
    codes = {
        "version-mismatch"
        if result.outcome is Outcome.CONFLICT
        else (result.problem.error if result.problem else "internal-error")
        for _step, result in refused
    }
    code = next(code for code in (*_WORST, *sorted(codes)) if code in codes)
    raise ProblemError(code, errors=tuple(each for step, result in refused for each in _errors(step, result)))


_WORST = ("forbidden", "version-mismatch", "validation-failed")
"""Of several problems, the request has the first of these."""


def _errors(step: Step, result: Result) -> list[FieldProblem]:
    found = result.problem.errors if result.problem else ()
    if not found and result.outcome is Outcome.CONFLICT:
        found = (FieldProblem("", "Someone else has changed this.", "Read it again.", "conflict"),)
    return [msgspec.structs.replace(each, field=f"{step.place}.{each.field}".strip(".")) for each in found]
