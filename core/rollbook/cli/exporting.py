"""`rollbookctl export FILE`."""

from argparse import Namespace

from rollbook.cli.answers import Answer, CommandProblemError
from rollbook.client.errors import ExchangeError
from rollbook.client.exporting import export_students
from rollbook.client.facade import Client


def run(client: Client, arguments: Namespace) -> Answer:
    """Write the students to the file. Raises :class:`CommandProblemError` where that cannot be done."""
    try:
        count = export_students(client, arguments.file, replace=arguments.replace)
    except ExchangeError as error:
        raise CommandProblemError(f"{error} Nothing was written.", code=error.code) from error
    said = f"Wrote {count} students to {arguments.file}, as they are on this computer."
    return Answer({"file": str(arguments.file), "students": count}, [said])
