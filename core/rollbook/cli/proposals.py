"""`rollbookctl proposals …`: what others handed over, for a registrar to decide (S23)."""

import asyncio
from argparse import Namespace
from collections.abc import Coroutine
from typing import Any, TypeVar

from rollbook.cli import proposal_words, words
from rollbook.cli.answers import Answer, CommandProblemError
from rollbook.client.errors import CallFailedError
from rollbook.client.facade import Client
from rollbook.client.resolving import MINE, THEIRS

_Result = TypeVar("_Result")
_OPEN = "open"
_REFUSED = {
    "not-found": "There is no such proposal. List them with: rollbookctl proposals list --all",
    "forbidden": "Proposals are decided by a registrar. What became of entries of your own is said by: "
    "rollbookctl status",
}
_HOW = "See one with: rollbookctl proposals show NUMBER. It says how to accept or decline it."


def run(client: Client, arguments: Namespace) -> Answer:
    """Do the verb. Raises :class:`CommandProblemError`."""
    verbs = {"list": _list, "show": _show, "accept": _accept, "decline": _decline}
    return verbs[arguments.verb](client, arguments)


def _list(client: Client, arguments: Namespace) -> Answer:
    found = _asked(client, client.proposals.listed(None if arguments.all else _OPEN))
    data = {"total": len(found), "proposals": found}
    if not found:
        nothing = "There is no proposal." if arguments.all else "Nothing is waiting for a decision."
        return Answer(data, [], [nothing])
    headings = ("number", "student", "what", "entered by", "handed over", "state")
    rows = [proposal_words.row(one, proposal_words.whose(client, one)) for one in found]
    return Answer(data, words.aligned(headings, rows), [_HOW])


def _show(client: Client, arguments: Namespace) -> Answer:
    found = _asked(client, client.proposals.one(arguments.number))
    return Answer(found, proposal_words.described(found, proposal_words.whose(client, found)))


def _accept(client: Client, arguments: Namespace) -> Answer:
    choices = dict(_choice(text) for text in arguments.choices)
    return _decided(client, arguments, "accepted", choices)


def _decline(client: Client, arguments: Namespace) -> Answer:
    return _decided(client, arguments, "declined", {})


def _decided(client: Client, arguments: Namespace, wanted: str, choices: dict[str, str]) -> Answer:
    before, found = _asked(client, _decide(client, arguments, wanted, choices))
    student = proposal_words.whose(client, found)
    if found["state"] != wanted:
        raise CommandProblemError(
            proposal_words.otherwise(found, student), code="already-decided", data={"proposal": found}
        )
    if before == _OPEN and found["decided_by"] == client.account.user_name:
        said = [f"{found['owner']} is told with their next sync."]
    else:
        said = proposal_words.before(found, arguments.note)
    return Answer(found, [proposal_words.outcome(found, student)], said)


async def _decide(
    client: Client, arguments: Namespace, wanted: str, choices: dict[str, str]
) -> tuple[str, dict[str, Any]]:
    """The state before, and the proposal as it is after it.

    What is decided already is only looked at: the answer of a decision does not tell whether this one made
    it. Somebody else may still decide between the two, which is told as well.
    """
    found = await client.proposals.one(arguments.number)
    if found["state"] != _OPEN:
        return found["state"], found
    try:
        accept = wanted == "accepted"
        done = await client.proposals.decide(
            arguments.number, accept=accept, choices=choices, note=arguments.note
        )
    except CallFailedError as failure:
        if failure.code != "already-decided":
            raise
        done = await client.proposals.one(arguments.number)
    return _OPEN, done


def _problem(failure: CallFailedError) -> CommandProblemError:
    """What is in the way, and for each field in conflict what may be chosen."""
    errors = [
        {"field": item.field, "message": item.message, "suggestion": item.suggestion}
        for item in getattr(failure.problem, "errors", ())
    ]
    what = _REFUSED.get(failure.code) or failure.detail or str(failure)
    said = [what, *(f"{item['field']}: {item['suggestion']}" for item in errors)]
    return CommandProblemError(
        "\n".join(said), code=failure.code, request_id=failure.request_id, data={"errors": errors}
    )


def _choice(text: str) -> tuple[str, str]:
    name, equals, side = text.partition("=")
    if not (name and equals and side in (MINE, THEIRS)):
        raise CommandProblemError(
            f"“{text}” is neither FIELD=mine (the proposal's value) nor FIELD=theirs (the school's).",
            code="usage",
        )
    return name, side


def _asked(client: Client, work: Coroutine[Any, Any, _Result]) -> _Result:
    """What the school's server said. Raises :class:`CommandProblemError`."""

    async def ask() -> _Result:
        try:
            return await work
        finally:
            await client.aclose()

    try:
        return asyncio.run(ask())
    except CallFailedError as failure:
        raise _problem(failure) from failure
