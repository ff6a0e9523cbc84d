"""R17: the story of a request from several workers and rotated files; a school reads its own lines only."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.server_process import PASSWORD, ServerProcess

SHARED = "one-id-for-two-schools"
MOST_TRIES = 400


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """Two workers that begin a new log file after a few lines; two schools."""
    one = ServerProcess(
        tmp_path_factory.mktemp("server"),
        env={"ROLLBOOK_LOG_FILE_BYTES": "2048", "ROLLBOOK_LOG_FILES": "400"},
        workers=2,
    )
    for school in ("Hill", "Harbour"):
        for role in ("registrar", "support"):
            one.create_user(f"{role} of {school}", role, school=f"{school} School")
    with one:
        yield one


class Person:
    """Someone who is signed in, and sends what they want as they want it."""

    def __init__(self, server: ServerProcess, name: str) -> None:
        self.url = server.url
        answer = httpx.post(
            f"{server.url}/api/v1/auth/sign-in",
            json={"name": name, "password": PASSWORD, "device": f"desk-of-{len(name)}"},
        )
        self.token = answer.json()["access_token"]

    def ask(self, path: str, **headers: str) -> httpx.Response:
        """One request on a connection of its own, so that either worker may take it."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.get(self.url + path, headers={"Authorization": f"Bearer {self.token}", **named})

    def story(self, wanted: str) -> list[dict[str, Any]]:
        """The log lines of an ID."""
        answer = self.ask(f"/api/v1/diagnostics/requests/{wanted}")
        return answer.json()["lines"] if answer.status_code == 200 else []


def files_with(server: ServerProcess, text: str) -> list[Path]:
    """The log files that hold ``text``."""
    return [
        file for file in server.log_folder.glob("server-*.log*") if text in file.read_text(encoding="utf-8")
    ]


def test_r17_a_story_is_whole_over_workers_and_rotated_files(server: ServerProcess) -> None:
    person = Person(server, "registrar of Hill")
    sent, workers = 0, set[str]()
    while (len(workers) < 2 or sent < 40) and sent < MOST_TRIES:
        assert person.ask("/api/v1/students", X_Rollbook_Action="one-action-of-hill").status_code == 200
        sent += 1
        workers = {file.name.split(".")[0] for file in files_with(server, "one-action-of-hill")}
    assert workers == {"server-1", "server-2"}
    assert len(files_with(server, "one-action-of-hill")) > 4
    lines = person.story("one-action-of-hill")
    assert len([line for line in lines if line["event"] == "request"]) == sent
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)


def test_r17_an_id_used_again_opens_no_line_of_another_school(server: ServerProcess) -> None:
    hill, harbour = Person(server, "registrar of Hill"), Person(server, "registrar of Harbour")
    for person, times in ((hill, 3), (harbour, 2)):
        for _time in range(times):
            person.ask("/api/v1/students", X_Request_ID=SHARED, X_Rollbook_Action=SHARED)
    httpx.get(f"{server.url}/api/v1/students", headers={"X-Request-ID": SHARED})  # of nobody
    support = {school: Person(server, f"support of {school}") for school in ("Hill", "Harbour")}
    # One who looks may choose the ID of the very question, too.
    support["Harbour"].ask("/api/v1/students", X_Request_ID=SHARED)
    told = {school: person.story(SHARED) for school, person in support.items()}
    schools = {school: {line["school_id"] for line in lines} for school, lines in told.items()}
    assert {school: len(found) for school, found in schools.items()} == {"Hill": 1, "Harbour": 1}
    assert schools["Hill"] != schools["Harbour"]
    assert len(told["Hill"]) == 3
    assert len(told["Harbour"]) == 3
    assert len(hill.story(SHARED)) == 3
    assert {line["user_id"] for line in harbour.story(SHARED)} < {line["user_id"] for line in told["Harbour"]}
