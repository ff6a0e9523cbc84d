"""`rollbookctl students erase`: a person is erased on request, for good, by an administrator (D3)."""

import asyncio
import sys
from argparse import Namespace
from typing import Any

from rollbook.cli.answers import Answer, CommandProblemError
from rollbook.client.errors import CallFailedError
from rollbook.client.facade import Client

_REFUSED = {
    "forbidden": "Only an administrator of the school erases a person.",
    "not-found": "The school has no such student. Find one with: rollbookctl students find NAME",
    "erased": "They were erased already. This computer removes them with its next sync.",
}
_OTHERS = {"files": "file", "proposals": "entry with the registrar"}
_AFTERWARDS = [
    "Every computer removes them at its next sync; this one has.",
    "Files that were exported or printed, and backups of the server, are yours to look after.",
]


def run(client: Client, entity: str, arguments: Namespace) -> Answer:
    """Show what would go; unless it is a dry run, erase it. Raises :class:`CommandProblemError`."""
    try:
        return asyncio.run(_run(client, entity, arguments))
    except CallFailedError as failure:
        raise _problem(failure) from failure


async def _run(client: Client, entity: str, arguments: Namespace) -> Answer:
    try:
        seen = await client.erasures.preview(entity, arguments.id, with_contacts=arguments.with_contacts)
        if arguments.dry_run:
            return Answer(seen, _lines(seen), ["Nothing was erased."])
        confirm, reason = arguments.confirm or _typed(seen), arguments.reason
        done = await client.erasures.erase(entity, arguments.id, seen["also"], confirm=confirm, reason=reason)
        await client.sync_once()
        return Answer(done, ["Erased."], _AFTERWARDS)
    finally:
        await client.aclose()


def _typed(seen: dict[str, Any]) -> str:
    for line in [*_lines(seen), "This cannot be undone. Type the name or the number to erase them:"]:
        print(line, file=sys.stderr)
    return sys.stdin.readline().strip()


def _lines(seen: dict[str, Any]) -> list[str]:
    lines = [f"{seen['person']['label']}. This would go:"]
    lines += [f"  {count} × {name.replace('_', ' ')}" for name, count in sorted(seen["records"].items())]
    lines += [f"  {seen[name]} × {what}" for name, what in _OTHERS.items() if seen[name]]
    alone = ", ".join(each["label"] for each in seen["left_alone"])
    return [*lines, f"Of nobody else, and kept unless --with-contacts is given: {alone}"] if alone else lines


def _problem(failure: CallFailedError) -> CommandProblemError:
    wrong = getattr(failure.problem, "errors", ())
    what = _REFUSED.get(failure.code) or failure.detail or str(failure)
    said = "\n".join([what, *(item.message for item in wrong)])
    found = [{"field": item.field, "message": item.message} for item in wrong]
    return CommandProblemError(said, code=failure.code, request_id=failure.request_id, data={"errors": found})
