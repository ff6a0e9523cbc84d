"""`rollbookctl sign-out`, and what others left waiting (S27)."""

import asyncio
from argparse import Namespace
from collections.abc import Sequence

from rollbook.cli.answers import Answer, CommandProblemError
from rollbook.client.facade import Client
from rollbook.client.leaving import OthersWaiting, write_waiting


def run_sign_out(client: Client, arguments: Namespace) -> Answer:
    """End the session; what waits stays for this user, and is written into a file where one is named."""
    status = client.status()
    waiting = status.waiting + status.needs_you
    said = []
    if arguments.export is not None:
        try:
            written = write_waiting(client, arguments.export)
        except OSError as error:
            raise CommandProblemError(
                f"{arguments.export} cannot be written ({error.strerror}); you are still signed in.",
                code="not-writable",
            ) from error
        said.append(f"{written} waiting entries are written to {arguments.export}.")
    if waiting:
        said.append(
            f"{waiting} entries wait. They are kept on this computer for {status.user} and go to "
            f"{status.school} once {status.user} signs in here again."
        )
    asyncio.run(_signed_out(client))
    data = {"user": status.user, "waiting": waiting, "export": _name(arguments)}
    return Answer(data, [], [*said, "Signed out."])


def others_lines(others: Sequence[OthersWaiting]) -> list[str]:
    """Whose entries wait on this computer, besides this account's."""
    lines = []
    for other in others:
        entries = "Entries that cannot be counted" if other.entries is None else f"{other.entries} entries"
        lines.append(
            f"{entries} of {other.user} ({other.school}) wait on this computer, until {other.user} signs in."
        )
    return lines


async def _signed_out(client: Client) -> None:
    try:
        await client.sign_out()
    finally:
        await client.aclose()


def _name(arguments: Namespace) -> str | None:
    return None if arguments.export is None else str(arguments.export)
