"""A report from the command line (R11): written whole, or not at all."""

import asyncio
from pathlib import Path

import pytest

from rollbook.client.reports import Reports
from rollbook.client.values import ReportProgress
from rollbook.contract.jobs import Job, JobState, ReportRequest
from rollbook.resilience.failures import CallFailedError, FailureKind
from support.in_process_line import InProcessLine


def test_r11_the_roll_of_a_class_is_written_to_a_file(ctl: InProcessLine, tmp_path: Path) -> None:
    ctl.run("students", "add", "given_name=Ελένη", "homeroom=Z9")
    assert ctl.run("sync").code == 0
    file = tmp_path / "roll.csv"
    said = ctl.run("report", "roll", str(file), "--homeroom", "Z9")
    assert (said.code, said.data["file"]) == (0, str(file))
    head, row = file.read_text("utf-8-sig").splitlines()
    assert head.startswith("Student number,")
    assert "Ελένη" in row


def test_r11_a_file_that_cannot_be_written_is_told_and_leaves_nothing(
    ctl: InProcessLine, tmp_path: Path
) -> None:
    said = ctl.run("report", "roll", str(tmp_path / "nowhere" / "roll.csv"))
    assert (said.code, said.data["error"]) == (1, "not-writable")
    assert list(tmp_path.glob("**/*.new")) == []


class School:
    """Answers about one job in turn; an exception is raised."""

    def __init__(self, *answers: Job | CallFailedError) -> None:
        self.answers, self.cancelled = list(answers), 0

    async def ask_for_report(self, _asked: ReportRequest) -> Job:
        return await self.job("a")

    async def job(self, _job_id: str) -> Job:
        answer = self.answers.pop(0)
        if isinstance(answer, CallFailedError):
            raise answer
        return answer

    async def cancel_job(self, job_id: str) -> Job:
        self.cancelled += 1
        return Job(job_id, "roll", JobState.CANCELLED, 0, 0, "")

    async def finished_report(self, _job_id: str) -> bytes:
        return b"the report"


def _job(state: JobState, done: int = 0, error: str = "") -> Job:
    return Job("a", "roll", state, done, 9, "", error=error)


async def _at_once(_seconds: float) -> None:
    await asyncio.sleep(0)


def test_r11_the_network_may_go_and_come_while_it_is_made() -> None:
    away = CallFailedError(FailureKind.TRANSIENT, "unreachable", "away")
    school = School(_job(JobState.QUEUED), _job(JobState.RUNNING, 3), away, away, _job(JobState.DONE, 9))
    told: list[ReportProgress] = []
    made = asyncio.run(Reports(school, _at_once).make("roll", {}, told.append))  # type: ignore[arg-type]
    assert made == b"the report"
    assert [each.done for each in told] == [0, 3, 3, 3]


def test_r11_one_that_failed_says_why() -> None:
    school = School(_job(JobState.QUEUED), _job(JobState.FAILED, error="internal-error"))
    with pytest.raises(CallFailedError) as raised:
        asyncio.run(Reports(school, _at_once).make("roll", {}, lambda _told: None))  # type: ignore[arg-type]
    assert raised.value.code == "internal-error"


def test_r11_given_up_here_it_is_cancelled_at_the_school() -> None:
    school = School(*[_job(JobState.RUNNING)] * 1_000)

    async def give_up() -> None:
        waiting = asyncio.create_task(Reports(school, _at_once).make("roll", {}, lambda _told: None))  # type: ignore[arg-type]
        while len(school.answers) > 990:
            await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(give_up())
    assert school.cancelled == 1
