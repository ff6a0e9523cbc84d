"""What the clients of a load saw: every answer, every acknowledgement, every fault."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import httpx
import msgspec

from rollbook.contract.headers import PROBLEM_MEDIA_TYPE
from rollbook.contract.problems import Problem

NO_ANSWER = 0
"""The status of a request that was never answered."""
_FROM_THE_SERVER_ON = 500
_TEMPORARY = 503


@dataclass(frozen=True)
class Sample:
    """One request: what it was, when it was sent (seconds, monotonic), how long it took, what came."""

    kind: str
    sent: float
    seconds: float
    status: int
    error: str = ""

    @property
    def good(self) -> bool:
        """Whether it was done."""
        return httpx.codes.is_success(self.status)


@dataclass
class Ledger:
    """Written by all clients of one loop."""

    samples: list[Sample] = field(default_factory=list)
    acknowledged: dict[str, str] = field(default_factory=dict)  # operation -> record
    given_up: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def note(self, sample: Sample, answer: httpx.Response | None) -> None:
        """One request is over; what must not be in its answer is a fault."""
        self.samples.append(sample)
        if answer is None:
            self.faults.append(f"{sample.kind} was not answered: {sample.error}")
        elif answer.status_code >= _FROM_THE_SERVER_ON:
            self.faults += faults_of_a_problem(answer)
        elif not sample.good:
            self.faults.append(f"{sample.kind} was refused: {answer.status_code} {sample.error}")

    def statuses(self) -> Counter[str]:
        """How often each status came, with the code of the problem."""
        return Counter(f"{each.status} {each.error}".strip() for each in self.samples)


def problem_of(answer: httpx.Response) -> Problem | None:
    """The problem that an answer tells, if it is one."""
    if answer.headers.get("Content-Type", "").partition(";")[0] != PROBLEM_MEDIA_TYPE:
        return None
    try:
        return msgspec.json.decode(answer.content, type=Problem)
    except msgspec.MsgspecError:
        return None


def faults_of_a_problem(answer: httpx.Response) -> list[str]:
    """What is wrong with an answer of 500 or more, as R15 would have it; empty where all is there."""
    problem = problem_of(answer)
    if problem is None:
        return [f"{answer.status_code} without a problem body: {answer.text[:100]}"]
    found = []
    if not problem.error or not problem.request_id:
        found.append(f"{answer.status_code} without a code or a request ID")
    if answer.status_code == _TEMPORARY and not answer.headers.get("Retry-After", "").isdecimal():
        found.append(f"{answer.status_code} {problem.error} without Retry-After")
    return found


def percentile(samples: Iterable[Sample], share: float) -> float:
    """The time below which that share of the requests took, in milliseconds; 0 where there are none."""
    took = sorted(each.seconds for each in samples)
    return took[max(0, math.ceil(len(took) * share) - 1)] * 1000 if took else 0.0
