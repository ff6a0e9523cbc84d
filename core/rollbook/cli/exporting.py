"""`rollbookctl export FILE`."""

from argparse import Namespace

from rollbook.cli.answers import Answer, CommandProblemError
from rollbook.client.errors import ExchangeError
from rollbook.client.exporting import export_oneroster, export_records
from rollbook.client.facade import Client


def run(client: Client, arguments: Namespace) -> Answer:
    """Write the records to the file. Raises :class:`CommandProblemError` where that cannot be done."""
    write = _oneroster if arguments.format == "oneroster" else _table
    try:
        return write(client, arguments)
    except ExchangeError as error:
        raise CommandProblemError(f"{error} Nothing was written.", code=error.code) from error


def _table(client: Client, arguments: Namespace) -> Answer:
    count = export_records(client, arguments.what, arguments.file, replace=arguments.replace)
    what = arguments.what.replace("-", " ")
    said = f"Wrote {count} {what} to {arguments.file}, as they are on this computer."
    return Answer({"file": str(arguments.file), "what": arguments.what, arguments.what: count}, [said])


def _oneroster(client: Client, arguments: Namespace) -> Answer:
    done = export_oneroster(client, arguments.file, replace=arguments.replace)
    told = ", ".join(f"{number:,} {file}" for file, number in done.rows.items())
    said = [f"Wrote the school to {arguments.file}, as it is on this computer: {told}."]
    if done.left_out:
        said.append(f"{done.left_out:,} records were left out, as they name others that are archived.")
    data = {"file": str(arguments.file), "rows": done.rows, "left_out": done.left_out}
    return Answer(data, said)
