"""`rollbookctl history ID`: every version of a student, and what was entered here and not kept (S13, S14)."""

import asyncio
from argparse import Namespace
from typing import Any

from rollbook.cli import decisions, words
from rollbook.cli.answers import Answer, CommandProblemError, plain
from rollbook.client.facade import Client
from rollbook.client.values import History

_ENTITY = "student"
_DID = {"create": "registered", "update": "changed", "archive": "archived"}


def run(client: Client, arguments: Namespace) -> Answer:
    """Ask the school. Raises :class:`CommandProblemError` for a student that this computer does not know.

    Of one that has left this computer, what became of one's own entries is still told (S23).
    """
    row = client.record(_ENTITY, arguments.id)
    found = asyncio.run(_asked(client, arguments.id if row is None else row.id))
    if row is None and not found.handed:
        raise CommandProblemError(
            f"There is no student {arguments.id} on this computer. "
            "Find one with: rollbookctl students find NAME",
            code="not-found",
        )
    data = {"id": arguments.id if row is None else row.id, **plain(found)}
    return Answer(data, [*_versions(found), *_not_kept(found), *_handed(found)])


async def _asked(client: Client, student_id: str) -> History:
    try:
        return await client.history(_ENTITY, student_id)
    finally:
        await client.aclose()


def _versions(found: History) -> list[str]:
    rows: list[tuple[Any, ...]] = []
    for version in found.versions:
        did = _DID.get(version.kind, version.kind)
        merged = (
            f" (merged: others had changed {', '.join(version.merged_fields)})"
            if version.merged_fields
            else ""
        )
        what = ", ".join(words.change(name, *pair) for name, pair in version.changes.items())
        rows.append((version.version, words.moment(version.at), version.by, did, what + merged))
    return words.aligned(("version", "when", "who", "did", "what"), rows)


def _handed(found: History) -> list[str]:
    """Entries that went to the registrar, with what was decided and the registrar's words."""
    if not found.handed:
        return []
    lines = ["", "Handed to the registrar, as you may not write it any more:"]
    for each in found.handed:
        lines.append(f"  {decisions.said(each)}")
        lines += [f"    {words.change(name, *pair)}" for name, pair in each.fields.items()]
    return lines


def _not_kept(found: History) -> list[str]:
    if not found.not_kept:
        return []
    rows = [
        (words.moment(each.at), each.by, name, words.value(value))
        for each in found.not_kept
        for name, value in each.values.items()
    ]
    return [
        "",
        "Entered on this computer and not kept:",
        *words.aligned(("when", "who", "field", "value"), rows),
    ]
