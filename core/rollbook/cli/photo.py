"""`rollbookctl photo set|get ID FILE` (S31)."""

import asyncio
from argparse import Namespace

from rollbook.cli.answers import DONE, OUTSTANDING, Answer, CommandProblemError
from rollbook.client.facade import Client


def run(client: Client, arguments: Namespace) -> Answer:
    """Do the verb. Raises :class:`CommandProblemError`."""
    return {"set": _set, "get": _get}[arguments.verb](client, arguments)


def _set(client: Client, arguments: Namespace) -> Answer:
    _existing(client, arguments.id)
    try:
        content = arguments.file.read_bytes()
    except OSError as error:
        raise CommandProblemError(
            f"{arguments.file} cannot be read ({error.strerror}).", code="not-readable"
        ) from error
    saved = client.attach("student", arguments.id, "photo", content)
    data = {"id": saved.entity_id, "operation": saved.op_id, "state": saved.state}
    if saved.op_id is None:
        return Answer(data, [saved.entity_id], ["The student has this photo already."])
    return Answer(
        data, [saved.entity_id], ["Saved on this computer; it goes with the next sync."], OUTSTANDING
    )


def _get(client: Client, arguments: Namespace) -> Answer:
    _existing(client, arguments.id)
    content = asyncio.run(_fetched(client, arguments.id))
    if content is None:
        raise CommandProblemError("The student has no photo.", code="not-found")
    try:
        arguments.file.write_bytes(content)
    except OSError as error:
        raise CommandProblemError(
            f"{arguments.file} cannot be written ({error.strerror}).", code="not-writable"
        ) from error
    return Answer({"id": arguments.id, "bytes": len(content)}, [str(arguments.file)], [], DONE)


async def _fetched(client: Client, student_id: str) -> bytes | None:
    try:
        return await client.file("student", student_id, "photo")
    finally:
        await client.aclose()


def _existing(client: Client, student_id: str) -> None:
    if client.record("student", student_id) is None:
        raise CommandProblemError(f"There is no student {student_id} on this computer.", code="not-found")
