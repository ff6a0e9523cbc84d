"""Critical errors tell somebody by themselves: once, then together, and never in anyone's way (R19)."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from rollbook.contract.jobs import ReportRequest
from rollbook.server.__main__ import main
from rollbook.server.alerting.alerts import CRITICAL, Alerts
from rollbook.server.alerting.groups import MOST_KEPT
from rollbook.server.jobs.kinds import ReportKind
from rollbook.server.jobs.runner import JobRunner
from rollbook.server.jobs.service import Jobs
from rollbook.server.outside.messengers import check_addresses
from rollbook.server.settings import SettingError
from support import broken_database
from support.receivers import Received, mail_server, webhook
from support.school_server import SchoolServer, settings_for
from support.served import served
from support.server_process import free_port
from support.settable_clock import SettableClock

SECRET = "Zyxwvutia"
TIMES = re.compile(r"How often: (\d+)( more)? times?")
REPEAT = 900.0


@contextmanager
def alerting(database: str, folder: Path, *to: Received | str, **settings: Any) -> Iterator[SchoolServer]:
    """A school whose critical errors are told ``to`` these, with a route that is broken."""
    addresses = " ".join(each if isinstance(each, str) else each.address for each in to)
    school = SchoolServer(database, folder, alert_urls=addresses, **settings)

    def broken(what: str) -> None:
        raise RuntimeError(SECRET, what)

    school.app.add_api_route("/broken/{what}", broken)
    school.app.add_api_route("/broken/too/{what}", broken)
    try:
        yield school
    finally:
        school.parts.alerts.close(30)
        school.close()


def counts_of(school: SchoolServer) -> dict[str, float]:
    page = school.client.get("/metrics").text
    return {
        sample.labels["outcome"]: sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name == "rollbook_alerts_total"
    }


def told(message: str) -> tuple[int, bool]:
    """How many times it tells of, and whether they come after others."""
    found = TIMES.search(message)
    assert found, message
    return int(found[1]), found[2] is not None


def test_r19_fifty_equal_errors_are_one_mail_and_one_call_and_then_a_summary(
    database: str, tmp_path: Path
) -> None:
    with (
        mail_server() as mail,
        webhook() as hook,
        alerting(database, tmp_path, mail, hook) as school,
    ):
        school.parts.alerts.start()
        for number in range(50):
            answer = school.client.get(
                f"/broken/{SECRET}{number}", headers={"X-Request-ID": f"request-{number:02}"}
            )
            assert answer.status_code == 500
        firsts = [mail.next(), hook.next()]
        school.clock.advance(REPEAT - 1)
        school.parts.alerts.look()
        assert (len(mail.messages), len(hook.messages)) == (1, 1)
        school.clock.advance(1)
        school.parts.alerts.look()
        for received, first in zip((mail, hook), firsts, strict=True):
            received.next()
            summary = received.messages[-1]
            assert len(received.messages) == 2
            assert "internal-error" in first
            assert "GET /broken/{what}" in first
            (at_first, is_later), (later, is_summary) = told(first), told(summary)
            assert (at_first + later, is_later, is_summary) == (50, False, True)
            assert f"request-{at_first - 1:02}" in first
            assert "request-49" in summary
            assert SECRET not in first + summary
        school.clock.advance(REPEAT)
        school.parts.alerts.look()
        assert len(hook.messages) == 2  # there is nothing more to tell
        assert counts_of(school) == {"sent": 2, "failed": 0, "dropped": 0}


def test_r19_a_server_that_is_really_served_tells_by_itself(database: str, tmp_path: Path) -> None:
    with webhook() as hook, alerting(database, tmp_path, hook) as school, served(school.app) as port:
        answer = httpx.get(f"http://127.0.0.1:{port}/broken/x", timeout=30)
        assert answer.headers["X-Request-ID"] in hook.next()


def test_r19_what_breaks_beside_the_requests_is_told_and_goes_on(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = threading.Event()
    looked: list[int] = []

    def breaks(_runner: Any) -> None:
        looked.append(1)
        if len(looked) == 2:
            again.set()
        raise RuntimeError(SECRET)

    monkeypatch.setattr(JobRunner, "look", breaks)
    with (
        webhook() as hook,
        alerting(database, tmp_path, hook, report_look_seconds=1.0) as school,
        served(school.app),
    ):
        message = hook.next()
        assert "Where: jobs" in message
        assert SECRET not in message
        assert again.wait(30)


def test_r19_each_kind_and_route_is_told_by_itself(database: str, tmp_path: Path) -> None:
    with webhook() as hook, alerting(database, tmp_path, hook) as school:
        for path in ("/broken/a", "/broken/b", "/broken/too/a"):
            school.client.get(path)
        school.parts.alerts.look()
        assert sorted(map(told, hook.messages)) == [(1, False), (2, False)]


def test_r19_a_database_that_is_away_is_one_trouble_for_all_routes(database: str, tmp_path: Path) -> None:
    with webhook() as hook, alerting(database, tmp_path, hook) as school:
        desk = school.desk()
        with broken_database.gone(school.parts.database.engine):
            for path in ("/students", "/jobs", "/dashboard"):
                assert desk.call("GET", f"/api/v1{path}").status_code == 503
        school.parts.alerts.look()
        [message] = hook.messages
        assert told(message) == (3, False)
        assert "database-unavailable" in message
        assert str(school.parts.database.engine.url.database) not in message


def test_r19_what_is_no_emergency_is_told_to_nobody(database: str, tmp_path: Path) -> None:
    with webhook() as hook, alerting(database, tmp_path, hook, pool_size=1, pool_overflow=0) as school:
        desk = school.desk()
        assert desk.call("GET", "/api/v1/students/none").status_code == 404
        assert desk.call("GET", "/api/v1/devices").status_code == 403
        late = desk.call("GET", "/api/v1/students", {"X-Rollbook-Deadline-Ms": "0"})
        assert late.status_code == 504
        school.parts.alerts.look()
        assert hook.messages == []


def test_r19_who_is_to_be_told_is_away_and_nothing_else_suffers(database: str, tmp_path: Path) -> None:
    port = free_port()
    with alerting(database, tmp_path, f"json://127.0.0.1:{port}/told") as school:
        desk = school.desk()
        for _ in range(3):
            assert school.client.get("/broken/x").status_code == 500
        school.parts.alerts.look()
        assert counts_of(school) == {"sent": 0, "failed": 1, "dropped": 0}
        assert desk.student()
        school.parts.alerts.look()
        assert counts_of(school)["failed"] == 1  # it is not tried again at once
        with webhook(port) as hook:
            school.client.get("/broken/x")
            school.clock.advance(60)
            school.parts.alerts.look()
            assert [told(message) for message in hook.messages] == [(4, False)]  # none of them is lost
        assert counts_of(school) == {"sent": 1, "failed": 1, "dropped": 0}


def test_r19_who_is_to_be_told_never_answers_and_nobody_waits(database: str, tmp_path: Path) -> None:
    with webhook() as hook, alerting(database, tmp_path, hook) as school:
        hook.may_answer.clear()
        school.parts.alerts.start()
        school.client.get("/broken/x")
        assert hook.arrived.wait(30)  # the message is on its way, and stays there
        answers = [school.client.get("/broken/x").status_code for _ in range(20)]
        assert answers == [500] * 20
        assert school.desk().student()
        assert hook.messages == []
        hook.may_answer.set()


def test_r19_one_of_two_addresses_is_enough(database: str, tmp_path: Path) -> None:
    with webhook() as hook:
        nobody = f"json://127.0.0.1:{free_port()}/told"
        with alerting(database, tmp_path, nobody, hook) as school:
            school.client.get("/broken/x")
            school.parts.alerts.look()
            assert len(hook.messages) == 1
            assert counts_of(school) == {"sent": 1, "failed": 0, "dropped": 0}


def test_r19_without_addresses_nothing_is_kept_and_no_thread_runs(database: str, tmp_path: Path) -> None:
    with alerting(database, tmp_path) as school:
        school.parts.alerts.start()
        assert school.client.get("/broken/x").status_code == 500
        assert "rollbook-alerts" not in {thread.name for thread in threading.enumerate()}


def test_r19_a_report_that_breaks_is_told_with_the_request_that_asked_for_it(
    database: str, tmp_path: Path
) -> None:
    def breaks(*_arguments: Any) -> Any:
        raise RuntimeError(SECRET)

    with webhook() as hook, alerting(database, tmp_path, hook) as school:
        kinds = {"roll": ReportKind("student", (), breaks)}
        alerts = school.parts.alerts
        jobs = Jobs(school.parts.database, school.settings, school.clock, school.new_id, kinds, alerts.note)
        caller = school.parts.callers.caller(school.desk().session.access_token, school.school_id)
        _job_id, made = jobs.ask(caller, ReportRequest("roll"))  # type: ignore[arg-type]
        assert made is not None
        made.result(30)
        jobs.runner.close()
        alerts.look()
        [message] = hook.messages
        assert "report roll" in message
        assert SECRET not in message


class Box:
    """Takes what is told, or does not."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.works = True

    def send(self, title: str, body: str) -> bool:
        if self.works:
            self.messages.append(f"{title}\n{body}")
        return self.works


Made = Callable[..., Alerts]


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def made(tmp_path: Path, box: Box, clock: SettableClock) -> Made:
    """Makes another worker's; all tell the same box."""

    def make(folder: Path = tmp_path, count: Callable[[str], None] = lambda _outcome: None) -> Alerts:
        return Alerts(settings_for("sqlite://", folder), clock, box, count)

    return make


def noted(alerts: Alerts, times: int, kind: str = "internal-error", route: str = "GET /x") -> None:
    for _ in range(times):
        alerts.note(kind, route, "a-request")
    alerts.look()


def test_r19_several_workers_are_one(made: Made, box: Box, clock: SettableClock) -> None:
    one, other = made(), made()
    noted(one, 10)
    noted(other, 20)
    noted(one, 5)
    assert [told(message) for message in box.messages] == [(10, False)]
    clock.advance(REPEAT)
    other.look()
    one.look()
    assert [told(message) for message in box.messages] == [(10, False), (25, True)]


def test_r19_a_server_that_is_started_again_and_again_is_one(
    made: Made, box: Box, clock: SettableClock
) -> None:
    for _ in range(10):
        noted(made(), 1)
        clock.advance(5)
    assert len(box.messages) == 1
    clock.advance(REPEAT)
    made().look()  # what was left is told, though nothing new happened
    assert [told(message) for message in box.messages] == [(1, False), (9, True)]


def test_r19_after_a_quiet_while_the_next_is_told_at_once(made: Made, box: Box, clock: SettableClock) -> None:
    alerts = made()
    noted(alerts, 1)
    clock.advance(REPEAT)
    alerts.look()
    noted(alerts, 1)
    assert [told(message) for message in box.messages] == [(1, False), (1, False)]


def test_r19_a_first_message_that_did_not_arrive_is_a_first_message_still(
    made: Made, box: Box, clock: SettableClock
) -> None:
    alerts = made()
    box.works = False
    noted(alerts, 2)
    clock.advance(60)
    alerts.look()
    box.works = True
    clock.advance(60)
    noted(alerts, 1)
    assert [told(message) for message in box.messages] == [(3, False)]


def test_r19_a_clock_that_is_set_back_silences_nothing(made: Made, box: Box, clock: SettableClock) -> None:
    alerts = made()
    clock.advance(10 * 365 * 86_400)
    noted(alerts, 1)
    clock.advance(-10 * 365 * 86_400)
    noted(alerts, 1)
    assert len(box.messages) == 2


def test_r19_without_its_folder_each_worker_tells_by_itself(made: Made, box: Box, tmp_path: Path) -> None:
    in_the_way = tmp_path / "a file"
    in_the_way.write_text("")
    one, other = made(in_the_way), made(in_the_way)
    for _ in range(3):
        noted(one, 1)
        noted(other, 1)
    assert [told(message) for message in box.messages] == [(1, False), (1, False)]


@pytest.mark.parametrize("content", [b"", b"no json", b'[["a","b",{"next_at":"x"}]]', b"\xff\x00"])
def test_r19_a_damaged_file_is_no_reason_to_be_silent(
    made: Made, box: Box, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "alerts.json").write_bytes(content)
    noted(made(), 1)
    noted(made(), 1)
    assert [told(message) for message in box.messages] == [(1, False)]


def test_r19_however_many_kinds_come_what_is_kept_has_a_bound(made: Made, box: Box) -> None:
    outcomes: list[str] = []
    alerts = made(count=outcomes.append)
    for number in range(1_000):
        alerts.note("internal-error", f"GET /{number}", "a-request")
    alerts.look()
    assert len(box.messages) == MOST_KEPT
    assert outcomes.count("dropped") == 1_000 - MOST_KEPT


def test_r19_threads_lose_no_error(made: Made, box: Box, clock: SettableClock) -> None:
    alerts = made()
    with ExitStack() as running:
        for _ in range(4):
            thread = threading.Thread(target=lambda: [noted(alerts, 1) for _ in range(25)])
            thread.start()
            running.callback(thread.join)
    clock.advance(REPEAT)
    alerts.look()
    assert sum(told(message)[0] for message in box.messages) == 100


def test_r19_every_kind_that_is_told_has_words(made: Made, box: Box) -> None:
    alerts = made()
    for kind in sorted(CRITICAL):
        noted(alerts, 1, kind)
    assert len(box.messages) == len(CRITICAL)
    assert all("the guide “Troubleshooting”" in message for message in box.messages)


def test_r19_an_address_that_cannot_be_understood_is_said_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    check_addresses("json://127.0.0.1/x mailto://127.0.0.1/?from=a@school.example&to=b@school.example")
    with pytest.raises(SettingError, match="address 2 of 2"):
        check_addresses(f"json://127.0.0.1/x nothing://it:{SECRET}@host")
    monkeypatch.setenv("ROLLBOOK_ALERT_URLS", f"nothing://it:{SECRET}@host")
    assert main(["serve", "--database", f"sqlite:///{tmp_path / 'none.sqlite3'}", "--port", "0"]) == 1
    said = capsys.readouterr()
    assert "alert_urls" in said.err
    assert SECRET not in said.err + said.out
