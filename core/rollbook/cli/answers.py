"""What a command answers: an exit code, one object for programs, lines for people."""

import dataclasses
import json
import sys
from dataclasses import dataclass, field
from typing import Any

DONE, PROBLEM, USAGE, OUTSTANDING = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class Answer:
    """``data`` is for standard output with ``--json``, ``lines`` without; ``said`` is for people always."""

    data: dict[str, Any]
    lines: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    code: int = DONE


class CommandProblemError(Exception):
    """A problem to tell: what happened, what to do, and the request ID where a request was made."""

    def __init__(
        self, message: str, *, code: str = "problem", request_id: str | None = None, data: Any = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.request_id = request_id
        self.data = data


def tell(answer: Answer, as_json: bool) -> int:
    """Print the answer; returns the exit code."""
    for line in answer.said:
        print(line, file=sys.stderr)
    if as_json:
        print(json.dumps(answer.data, ensure_ascii=False, default=_plain))
    else:
        for line in answer.lines:
            print(line)
    return answer.code


def tell_problem(problem: CommandProblemError, as_json: bool) -> int:
    """Print a problem; returns the exit code."""
    print(str(problem), file=sys.stderr)
    if problem.request_id:
        print(f"Request ID: {problem.request_id}", file=sys.stderr)
    if as_json:
        body = {"error": problem.code, "message": str(problem), "request_id": problem.request_id}
        print(json.dumps(body | (problem.data or {}), ensure_ascii=False, default=_plain))
    return PROBLEM


def plain(value: Any) -> Any:
    """A facade value as plain data."""
    return dataclasses.asdict(value)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    raise TypeError(type(value).__name__)
