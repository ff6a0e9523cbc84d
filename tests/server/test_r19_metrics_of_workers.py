"""The metrics of several workers: what they counted adds up, and a dead one is not there any more (R19)."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from rollbook.domain.roles import Role
from support.school_server import SchoolServer
from support.server_process import PASSWORD, ServerProcess

STATE = "/api/v1/diagnostics"
WITHIN_SECONDS = 60.0
SETTINGS = {
    "ROLLBOOK_GAUGES_SECONDS": "0.1",
    "ROLLBOOK_POOL_SIZE": "3",
    "ROLLBOOK_POOL_OVERFLOW": "4",
}
ONE = "/api/v1/students/{student_id}"


@contextmanager
def served(database: str, folder: Path) -> Iterator[tuple[ServerProcess, dict[str, str]]]:
    """Two workers, and the headers of one who may diagnose."""
    school = SchoolServer(database, folder)
    name = school.user(Role.ADMINISTRATOR)
    school.close()
    with ServerProcess(folder / "served", database=database, workers=2, fresh=True, env=SETTINGS) as process:
        sign_in = {"name": name, "password": PASSWORD, "device": "d"}
        answer = httpx.post(f"{process.url}/api/v1/auth/sign-in", json=sign_in, timeout=30)
        yield process, {"Authorization": f"Bearer {answer.json()['access_token']}"}


def samples(process: ServerProcess) -> dict[tuple[str, ...], float]:
    page = httpx.get(f"{process.url}/metrics", timeout=30).text
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def until(process: ServerProcess, name: str, value: float) -> dict[tuple[str, ...], float]:
    """The page once the metric has that value: each worker notes how it is now and then."""
    end = time.monotonic() + WITHIN_SECONDS
    while time.monotonic() < end:
        found = samples(process)
        if found.get((name,)) == value:
            return found
    raise AssertionError(f"{name} is {found.get((name,))} and not {value}")


def asked_of_both(process: ServerProcess, headers: dict[str, str]) -> tuple[set[int], int]:
    """The pids that answered, and after how many requests; of a record that is not there."""
    pids: set[int] = set()
    asked = 0
    end = time.monotonic() + WITHIN_SECONDS
    while len(pids) < 2 and time.monotonic() < end:
        told: Any = httpx.get(process.url + STATE, headers=headers, timeout=30).json()
        pids.add(told["worker"]["pid"])
        assert httpx.get(f"{process.url}/api/v1/students/x", headers=headers).status_code == 404
        asked += 1
    assert len(pids) == 2
    return pids, asked


def test_r19_what_workers_counted_adds_up_and_is_kept_when_one_dies(database: str, tmp_path: Path) -> None:
    with served(database, tmp_path) as (process, headers):
        pids, asked = asked_of_both(process, headers)
        both = until(process, "rollbook_workers", 2)
        assert both["rollbook_requests_total", "GET", ONE, "404"] == asked
        assert both["rollbook_problems_total", "not-found", ONE] == asked
        assert both["rollbook_requests_total", "GET", STATE, "200"] == asked
        assert both["rollbook_database_connections_most",] == 2 * (3 + 4)
        assert both["rollbook_bulkhead_room", "reports"] == 2 * (2 + 8)
        assert both["rollbook_breaker_state", "weather"] == 0  # the worst of them, and not the sum
        assert both["rollbook_failures_total", "storage-full"] == 0  # there before its first time
        dead = pids.pop()
        os.kill(dead, signal.SIGKILL)
        others = await_another(process, headers, pids | {dead})
        assert dead not in others
        after = until(process, "rollbook_workers", 2)
        assert after["rollbook_database_connections_most",] == 2 * (3 + 4)
        assert after["rollbook_requests_total", "GET", ONE, "404"] == asked
        assert not any("pid" in name for names in after for name in names)
        assert process.stop() == 0


def await_another(process: ServerProcess, headers: dict[str, str], known: set[int]) -> set[int]:
    """The pids that answer once a worker that was not ``known`` does."""
    found: set[int] = set()
    end = time.monotonic() + WITHIN_SECONDS
    while not found - known:
        assert time.monotonic() < end, f"nobody but {found}"
        try:
            told: Any = httpx.get(process.url + STATE, headers=headers, timeout=30).json()
        except httpx.TransportError:
            found.clear()  # the one that was killed took the connection with it
            continue
        found.add(told["worker"]["pid"])
    return found
