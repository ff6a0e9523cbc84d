"""Entry point of `rollbookctl`, its composition root, and the one place where its problems are told."""

import dataclasses
import io
import logging
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence

import structlog

from rollbook.cli import (
    conflicts,
    exporting,
    figures,
    grades,
    history,
    importing,
    imports,
    leaving,
    notices,
    outbox,
    photo,
    printing,
    proposals,
    records,
    registers,
    report,
    sections,
    status,
    students,
    support,
    words,
    year,
)
from rollbook.cli.answers import Answer, CommandProblemError, tell, tell_problem
from rollbook.cli.arguments import parser
from rollbook.client.errors import (
    CallFailedError,
    NotAllowedNowError,
    NotConnectedError,
    SettingError,
    StoreError,
)
from rollbook.client.facade import Client
from rollbook.client.opening import open_client
from rollbook.client.values import RefusedEntryError, Status

_COMMANDS: dict[str, Callable[[Client, Namespace], Answer]] = {
    "status": status.run_status,
    "sync": status.run_sync,
    "sign-out": leaving.run_sign_out,
    "verify": status.run_verify,
    "students": students.run,
    "records": records.run,
    "year": year.run,
    "photo": photo.run,
    "outbox": outbox.run_outbox,
    "conflicts": conflicts.run_conflicts,
    "history": history.run,
    "import": importing.run,
    "imports": imports.run,
    "export": exporting.run,
    "print": printing.run,
    "proposals": proposals.run,
    "report": report.run,
    "support": support.run,
    "sections": sections.run,
    "register": registers.run,
    "grades": grades.run,
    "figures": figures.run,
}


_SHOW_THE_SCHOOL = (
    "students",
    "records",
    "year",
    "photo",
    "outbox",
    "conflicts",
    "history",
    "import",
    "imports",
    "export",
    "print",
    "proposals",
    "report",
    "sections",
    "register",
    "grades",
    "figures",
)
_SIGNED_OUT = (
    "You are signed out: nothing of the school is shown or entered until {0} signs in again ({1}). "
    "Entries that wait are kept."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 1 a problem, 2 usage, 3 saved but outstanding."""
    parsed = parser().parse_args(arguments)
    os.umask(os.umask(0o077) | 0o077)  # pupils' data is for this user alone
    _speak_any_script(parsed.json)
    _log_beside()
    try:
        return tell(_run(parsed), parsed.json)
    except CommandProblemError as problem:
        return tell_problem(problem, parsed.json)
    except RefusedEntryError as refused:
        return tell_problem(_refused(refused), parsed.json)
    except CallFailedError as failure:
        return tell_problem(_failed(failure), parsed.json)
    except UnicodeEncodeError:
        return tell_problem(
            CommandProblemError("An argument holds what is no text.", code="usage"), parsed.json
        )
    except (NotConnectedError, NotAllowedNowError, StoreError, SettingError) as error:
        return tell_problem(CommandProblemError(str(error), code=_code(error)), parsed.json)
    except BrokenPipeError:  # whoever read the answer has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 1


def _speak_any_script(as_json: bool) -> None:
    """Names come in every script: JSON is UTF-8 always, a console that lacks a letter shows a stand-in."""
    for stream, encoding in ((sys.stdout, "utf-8" if as_json else None), (sys.stderr, None)):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


def _log_beside() -> None:
    """What the client logs goes to standard error: standard output is the answer's alone."""
    if not structlog.is_configured():
        structlog.configure(
            logger_factory=lambda *_names: structlog.PrintLogger(sys.stderr),
            wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        )


def _run(parsed: Namespace) -> Answer:
    if parsed.command == "connect":
        return status.run_connect(parsed)
    client = open_client(parsed.data, server=parsed.server)
    try:
        befell = notices.lines(client)
        if parsed.command in _SHOW_THE_SCHOOL:
            befell += _session_ended(client.status())
        answer = _COMMANDS[parsed.command](client, parsed)
        return dataclasses.replace(answer, said=[*befell, *answer.said])
    finally:
        client.close()


def _session_ended(status: Status) -> list[str]:
    """What to say of a session that is not there. Raises where its user has ended it (S27)."""
    if status.locked:
        raise CommandProblemError(
            _SIGNED_OUT.format(status.user, words.sign_in_again(status)), code="not-signed-in"
        )
    return [words.password_needed(status)] if status.connection == "signed_out" else []


def _refused(refused: RefusedEntryError) -> CommandProblemError:
    errors = [
        {"field": item.field, "code": item.code, "message": item.message, "suggestion": item.suggestion}
        for item in refused.breaches
    ]
    return CommandProblemError(f"Not saved. {refused}", code="validation-failed", data={"errors": errors})


def _failed(failure: CallFailedError) -> CommandProblemError:
    return CommandProblemError(
        failure.detail or str(failure), code=failure.code, request_id=failure.request_id
    )


def _code(error: Exception) -> str:
    return {
        NotConnectedError: "not-connected",
        NotAllowedNowError: "not-allowed-now",
        SettingError: "setting",
    }.get(type(error), "store")


if __name__ == "__main__":
    sys.exit(main())
