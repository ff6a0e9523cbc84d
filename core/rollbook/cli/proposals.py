"""`rollbookctl proposals …`: what others handed over, for a registrar to decide (S23)."""

import asyncio
from argparse import Namespace
from collections.abc import Coroutine
from typing import Any, TypeVar

from rollbook.cli.answers import Answer, CommandProblemError
from rollbook.client.errors import CallFailedError
from rollbook.client.facade import Client
from rollbook.client.resolving import MINE, THEIRS

_Result = TypeVar("_Result")


def run(client: Client, arguments: Namespace) -> Answer:
    """Do the verb. Raises :class:`CommandProblemError`."""
    verbs = {"list": _list, "show": _show, "accept": _accept, "decline": _decline}
    return verbs[arguments.verb](client, arguments)


def _list(client: Client, arguments: Namespace) -> Answer:
    found = _asked(client, client.proposals.listed(None if arguments.all else "open"))
    data = {"total": len(found), "proposals": found}
    return Answer(
        data, [_line(one) for one in found], [] if found else ["Nothing is waiting for a decision."]
    )


def _show(client: Client, arguments: Namespace) -> Answer:
    found = _asked(client, client.proposals.one(arguments.number))
    lines = [
        f"{name}: {found[name]}" for name in ("number", "state", "kind", "entity", "entity_id", "owner", "at")
    ]
    lines += [
        f"{name}: {change['had']} → {change['value']}   (the school has: {found['now'].get(name)})"
        for name, change in found["changes"].items()
    ]
    return Answer(found, lines)


def _accept(client: Client, arguments: Namespace) -> Answer:
    choices = dict(_choice(text) for text in arguments.choices)
    return _decided(client, arguments, accept=True, choices=choices)


def _decline(client: Client, arguments: Namespace) -> Answer:
    return _decided(client, arguments, accept=False, choices={})


def _decided(client: Client, arguments: Namespace, *, accept: bool, choices: dict[str, str]) -> Answer:
    work = client.proposals.decide(arguments.number, accept=accept, choices=choices, note=arguments.note)
    try:
        found = _asked(client, work)
    except CallFailedError as failure:
        raise _problem(failure) from failure
    return Answer(found, [_line(found)], [f"{found['owner']} is told with their next sync."])


def _problem(failure: CallFailedError) -> CommandProblemError:
    """What is in the way, and for each field in conflict what may be chosen."""
    errors = [
        {"field": item.field, "message": item.message, "suggestion": item.suggestion}
        for item in getattr(failure.problem, "errors", ())
    ]
    said = [failure.detail or str(failure), *(f"{item['field']}: {item['suggestion']}" for item in errors)]
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
    async def ask() -> _Result:
        try:
            return await work
        finally:
            await client.aclose()

    return asyncio.run(ask())


def _line(one: dict[str, Any]) -> str:
    changes = ", ".join(
        f"{name}: {change['had']} → {change['value']}" for name, change in one["changes"].items()
    )
    what = f"{one['kind']} {one['entity']} {one['entity_id']}"
    return f"{one['number']}  {one['state']}  {one['owner']}: {what}  {changes}"
