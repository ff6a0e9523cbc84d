"""`rollbookctl print class-list|certificate|register|report-card|transcript|contact-sheet … FILE.pdf`."""

from argparse import Namespace
from calendar import monthrange
from collections.abc import Callable
from datetime import date, datetime, timedelta

from rollbook.cli.answers import Answer, CommandProblemError
from rollbook.client.errors import ExchangeError
from rollbook.client.facade import Client
from rollbook.client.printed_for import Group, Whom
from rollbook.client.printing import print_certificate, print_homeroom, print_section
from rollbook.client.printing_contacts import print_contact_sheet
from rollbook.client.printing_grades import print_report_cards, print_transcripts
from rollbook.client.printing_registers import print_register


def run(client: Client, arguments: Namespace) -> Answer:
    """Do the verb. Raises :class:`CommandProblemError` where it cannot be printed."""
    today = datetime.now().astimezone().date()  # a paper bears the day of where it is printed
    try:
        return _VERBS[arguments.verb](client, arguments, today)
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
    return _said(arguments, "a list", count)


def _certificate(client: Client, arguments: Namespace, today: date) -> Answer:
    print_certificate(
        client, arguments.id, arguments.file, today, language=arguments.language, replace=arguments.replace
    )
    return Answer({"file": str(arguments.file)}, [f"Wrote the certificate to {arguments.file}."])


def _register(client: Client, arguments: Namespace, today: date) -> Answer:
    span = _week(arguments.week) if arguments.week else _month(arguments.month)
    count = print_register(
        client,
        arguments.section,
        span,
        arguments.file,
        today,
        period=arguments.period,
        empty=arguments.empty,
        language=arguments.language,
        replace=arguments.replace,
    )
    return _said(arguments, "a register", count)


def _report_card(client: Client, arguments: Namespace, today: date) -> Answer:
    count = print_report_cards(
        client,
        _whom(arguments),
        arguments.term,
        arguments.file,
        today,
        language=arguments.language,
        replace=arguments.replace,
    )
    return _said(arguments, "the report cards", count)


def _transcript(client: Client, arguments: Namespace, today: date) -> Answer:
    count = print_transcripts(
        client,
        _whom(arguments),
        arguments.file,
        today,
        language=arguments.language,
        replace=arguments.replace,
    )
    return _said(arguments, "the transcripts", count)


def _contact_sheet(client: Client, arguments: Namespace, today: date) -> Answer:
    count = print_contact_sheet(
        client,
        _whom(arguments),
        arguments.file,
        today,
        care=arguments.care,
        language=arguments.language,
        replace=arguments.replace,
    )
    return _said(arguments, "the contacts", count)


_VERBS: dict[str, Callable[[Client, Namespace, date], Answer]] = {
    "class-list": _class_list,
    "certificate": _certificate,
    "register": _register,
    "report-card": _report_card,
    "transcript": _transcript,
    "contact-sheet": _contact_sheet,
}


def _whom(arguments: Namespace) -> Whom:
    given = ((group, getattr(arguments, group.value)) for group in Group)
    return next(Whom(group, name) for group, name in given if name is not None)


def _said(arguments: Namespace, what: str, count: int) -> Answer:
    of = "1 student" if count == 1 else f"{count} students"
    said = f"Wrote {what} of {of} to {arguments.file}, as they are on this computer."
    return Answer({"file": str(arguments.file), "students": count}, [said])


def _week(day: date) -> tuple[date, date]:
    monday = day - timedelta(days=day.weekday())
    return monday, monday + timedelta(days=6)


def _month(first: date) -> tuple[date, date]:
    return first, first.replace(day=monthrange(first.year, first.month)[1])
