"""What another person does meanwhile, at a computer of their own, with a server that runs."""

from pathlib import Path

from rollbook.client.opening import connect, open_client
from rollbook.client.values import Edit, RecordQuery
from support.server_process import PASSWORD, ServerProcess


async def nikos_changes_the_phone(school: ServerProcess, data: Path, number: str) -> None:
    """Of the school's only student, and sent."""
    await connect(data, school.url, "nikos", PASSWORD)
    other = open_client(data)
    await other.sync_once()
    (row,) = other.records(RecordQuery("student")).rows
    other.save(Edit("student", row.id, {"phone": number}))
    await other.sync_once()
    await other.aclose()
    other.close()
