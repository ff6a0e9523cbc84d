"""`rollbookctl support …`: the story of a request, and a file for support (R17)."""

import asyncio
from argparse import Namespace

from rollbook.cli.answers import DONE, PROBLEM, Answer, CommandProblemError, plain
from rollbook.cli.story_words import server_said, story_lines
from rollbook.client.bundle import BundleNotWrittenError
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
    try:
        parts = client.support.write_bundle(arguments.file)
    except BundleNotWrittenError as problem:
        raise CommandProblemError(str(problem), code=problem.code) from problem
    data = {"file": str(arguments.file), "parts": parts}
    return Answer(data, [str(arguments.file)], ["No person's name and no record's value is in it."])
