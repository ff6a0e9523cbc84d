"""`rollbookctl print class-list|certificate … FILE.pdf`."""

from argparse import Namespace
from datetime import date, datetime

from rollbook.cli.answers import Answer, CommandProblemError
from rollbook.client.errors import ExchangeError
from rollbook.client.facade import Client
from rollbook.client.printing import print_certificate, print_homeroom, print_section


def run(client: Client, arguments: Namespace) -> Answer:
    """Do the verb. Raises :class:`CommandProblemError` where it cannot be printed."""
    today = datetime.now().astimezone().date()  # a paper bears the day of where it is printed
    try:
        return {"class-list": _class_list, "certificate": _certificate}[arguments.verb](
            client, arguments, today
        )
    except ExchangeError as error:
        raise CommandProblemError(f"{error} Nothing was written.", code=error.code) from error


def _class_list(client: Client, arguments: Namespace, today: date) -> Answer:
    by_section = arguments.section is not None
    printed, wanted = (
        (print_section, arguments.section) if by_section else (print_homeroom, arguments.homeroom)
    )
    count = printed(
        client, wanted, arguments.file, today, language=arguments.language, replace=arguments.replace
    )
    said = f"Wrote a list of {count} students to {arguments.file}, as they are on this computer."
    return Answer({"file": str(arguments.file), "students": count}, [said])


def _certificate(client: Client, arguments: Namespace, today: date) -> Answer:
    print_certificate(
        client, arguments.id, arguments.file, today, language=arguments.language, replace=arguments.replace
    )
    return Answer({"file": str(arguments.file)}, [f"Wrote the certificate to {arguments.file}."])
