"""`rollbookctl report NAME FILE`: a report that the school's server makes (R11)."""

import asyncio
import os
import sys
from argparse import Namespace
from pathlib import Path

from rollbook.cli.answers import Answer, CommandProblemError
from rollbook.client.facade import Client
from rollbook.client.values import ReportProgress


def run(client: Client, arguments: Namespace) -> Answer:
    """Have it made, and write it down. Raises :class:`CommandProblemError` for a file that cannot be."""
    parameters = {} if arguments.homeroom is None else {"homeroom": arguments.homeroom}
    content = asyncio.run(_made(client, arguments.name, parameters))
    try:
        _write(arguments.file, content)
    except OSError as error:
        raise CommandProblemError(
            f"{arguments.file} cannot be written ({error.strerror}).", code="not-writable"
        ) from error
    return Answer({"file": str(arguments.file), "bytes": len(content)}, [str(arguments.file)])


async def _made(client: Client, name: str, parameters: dict[str, str]) -> bytes:
    try:
        return await client.reports.make(name, parameters, _told)
    finally:
        await client.aclose()


def _told(progress: ReportProgress) -> None:
    share = f" {progress.done:,} of {progress.total:,}" if progress.total else ""
    print(f"The school makes it:{share} …", file=sys.stderr, flush=True)


def _write(file: Path, content: bytes) -> None:
    """Whole or not at all."""
    fresh = file.with_name(f".{file.name}.new")
    try:
        with fresh.open("wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)
