"""`rollbookctl support …`: the story of a request, and a file for support (R17)."""

import asyncio
import json
import platform
import zipfile
from argparse import Namespace
from importlib.metadata import version
from typing import Any

from rollbook.cli.answers import DONE, PROBLEM, Answer, CommandProblemError, plain
from rollbook.cli.story_words import server_said, story_lines
from rollbook.client.facade import Client
from rollbook.client.values import Story


def run(client: Client, arguments: Namespace) -> Answer:
    """Do the verb. Raises :class:`CommandProblemError`."""
    return {"find": _find, "bundle": _bundle}[arguments.verb](client, arguments)


def _find(client: Client, arguments: Namespace) -> Answer:
    story = asyncio.run(_story(client, arguments.request_id))
    data = plain(story) | {"found": story.found}
    return Answer(data, story_lines(story), server_said(story), DONE if story.found else PROBLEM)


async def _story(client: Client, wanted: str) -> Story:
    try:
        return await client.support.find_everywhere(wanted)
    finally:
        await client.aclose()


def _bundle(client: Client, arguments: Namespace) -> Answer:
    """One file without pupils' data: counts, codes, ids and timings only."""
    contents = {
        "versions.json": _versions(),
        "status.json": plain(client.status()) | {"user": "", "school": ""},
        "requests.json": [
            plain(attempt) for attempt in client.support.recent_attempts(2_000, failed_only=False)
        ],
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
