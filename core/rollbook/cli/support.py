"""`rollbookctl support …`: the story of a request, and a file for support (R17)."""

import asyncio
import json
import platform
import zipfile
from argparse import Namespace
from importlib.metadata import version
from typing import Any

from rollbook.cli.answers import PROBLEM, Answer, CommandProblemError, plain
from rollbook.client.facade import Client
from rollbook.client.values import Attempt, Story


def run(client: Client, arguments: Namespace) -> Answer:
    """Do the verb. Raises :class:`CommandProblemError`."""
    return {"find": _find, "bundle": _bundle}[arguments.verb](client, arguments)


def _find(client: Client, arguments: Namespace) -> Answer:
    story = asyncio.run(_story(client, arguments.request_id))
    data = plain(story) | {"found": _is_found(story)}
    if not _is_found(story):
        said = [f"Nothing is known of {story.id} on this computer.", *_server_said(story)]
        return Answer(data, [], [*said, "Check the ID, letter by letter."], PROBLEM)
    return Answer(data, _lines(story), _server_said(story))


def _server_said(story: Story) -> list[str]:
    """What came of asking the server, where it gave nothing."""
    why = story.server_unavailable
    if why is None:
        return [] if (story.server or {}).get("lines") else ["The server's log holds nothing of it either."]
    if why == "not-found":
        return ["The server's log holds nothing of it that you may see."]
    if why == "forbidden":
        return ["You may not look into the server's log; an administrator may."]
    if why in ("not-signed-in", "wrong-credentials"):
        return ["The server was not asked, as you are signed out."]
    return [f"The server could not be asked ({why}); its log may hold more."]


async def _story(client: Client, wanted: str) -> Story:
    try:
        return await client.find_request_everywhere(wanted)
    finally:
        await client.aclose()


def _is_found(story: Story) -> bool:
    return bool(story.attempts or story.entries or (story.server or {}).get("lines"))


def _lines(story: Story) -> list[str]:
    lines = ["On this computer:"]
    lines += [f"  {_attempt(attempt)}" for attempt in story.attempts]
    lines += [
        f"  entry {entry.op_id} ({entry.kind} {entry.entity}): {entry.state}"
        + (f", {entry.problem.get('error')}: {entry.problem.get('title')}" if entry.problem else "")
        for entry in story.entries
    ]
    if story.server is not None:
        lines += ["At the server:"]
        lines += [f"  {json.dumps(line, ensure_ascii=False)}" for line in story.server["lines"]]
    return lines


def _attempt(attempt: Attempt) -> str:
    answer = attempt.status if attempt.status is not None else "no answer"
    error = f" {attempt.error}" if attempt.error else ""
    return (
        f"{attempt.started_at}  {attempt.method} {attempt.route}  {answer}{error}  "
        f"{attempt.duration_ms:.0f} ms  request {attempt.request_id}"
    )


def _bundle(client: Client, arguments: Namespace) -> Answer:
    """One file without pupils' data: counts, codes, ids and timings only."""
    contents = {
        "versions.json": _versions(),
        "status.json": plain(client.status()) | {"user": "", "school": ""},
        "requests.json": [plain(attempt) for attempt in client.recent_attempts(2_000, failed_only=False)],
        "entries.json": [_without_data(plain(entry)) for entry in client.entries(limit=10_000)],
    }
    try:
        with zipfile.ZipFile(arguments.file, "w", zipfile.ZIP_DEFLATED) as bundle:
            for name, content in contents.items():
                bundle.writestr(name, json.dumps(content, indent=1))
    except OSError as error:
        raise CommandProblemError(
            f"{arguments.file} cannot be written: {error.strerror}", code="not-writable"
        ) from error
    return Answer(
        {"file": str(arguments.file), "parts": list(contents)},
        [str(arguments.file)],
        ["No pupil's data is in it."],
    )


def _without_data(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry with the names of its fields but none of their values."""
    problem = entry["problem"] or {}
    kept = {
        name: entry[name]
        for name in (
            "op_id",
            "kind",
            "entity",
            "entity_id",
            "state",
            "created_at",
            "attempts",
            "action_id",
            "first_request_id",
            "last_request_id",
            "settled_at",
        )
    }
    return kept | {"fields": list(entry["fields"]), "problem": problem.get("error")}


def _versions() -> dict[str, str]:
    return {
        "rollbook": version("rollbook"),
        "python": platform.python_version(),
        "system": platform.platform(),
    }
