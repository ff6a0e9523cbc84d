"""``rollbook-server``: the school's server and its administrator's commands."""

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rollbook.domain.clock import Clock, SystemClock
from rollbook.domain.erasure import PERSONS
from rollbook.domain.ids import IdSource, uuid7_source
from rollbook.domain.roles import Role
from rollbook.server.commands.speaking import PROBLEM, CommandError, say
from rollbook.server.logs import keep_quiet
from rollbook.server.settings import SettingError, Settings, file_of_settings, read_settings

_MAKE_A_DATABASE = ("serve", "create-user", "make-demo", "migrate", "restore")
"""All others look at a school that is there, and must not make an empty one of a mistyped path."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Gives 0 for done, 1 for a problem that has been said; argparse ends with 2."""
    asked = _parser().parse_args(argv)
    try:
        return _run(asked)
    except (CommandError, SettingError) as error:
        say(f"Problem: {error}")
        return PROBLEM
    except KeyboardInterrupt:
        return PROBLEM


def _run(asked: argparse.Namespace) -> int:
    os.umask(os.umask(0o077) | 0o077)  # the database and the logs are for whoever runs the server alone
    keep_quiet()
    # Each command is loaded when it is asked for: `--help` needs neither uvicorn nor Alembic.
    given = {"database": asked.database, "workers": getattr(asked, "workers", None)}
    settings = read_settings(asked.settings, **given)
    if asked.command not in _MAKE_A_DATABASE:
        from rollbook.server.commands.opening import must_be_there

        must_be_there(settings)
    clock = SystemClock()
    new_id = uuid7_source(clock)
    if asked.command == "serve":
        from rollbook.server.commands.serve import serve

        return serve(settings, clock, asked.host, asked.port, settings.workers)
    if asked.command == "create-user":
        from rollbook.server.commands.accounts import create_user

        return create_user(
            settings,
            clock,
            new_id,
            name=asked.name,
            role=Role(asked.role),
            school=asked.school,
            create_school=asked.create_school,
            password=sys.stdin.readline().rstrip("\r\n"),
        )
    if asked.command == "set-role":
        from rollbook.server.commands.accounts import set_role

        return set_role(settings, clock, name=asked.name, role=Role(asked.role), school=asked.school)
    if asked.command in ("devices", "audit"):
        return _look_at_people(asked, settings, clock)
    if asked.command in ("set-up", "make-demo"):
        return _fill_school(asked, settings, clock, new_id)
    if asked.command == "recovery":
        from rollbook.server.commands.recovery import recovery

        return recovery(settings, clock, new_id, asked.what, asked.school)
    if asked.command == "erase":
        return _erase(asked, settings, clock, new_id)
    if asked.command == "prune":
        from rollbook.server.commands.prune import prune

        return prune(settings, clock)
    return _look_after_database(asked, settings, clock)


def _fill_school(asked: argparse.Namespace, settings: Settings, clock: Clock, new_id: IdSource) -> int:
    if asked.command == "set-up":
        from rollbook.server.commands.set_up import set_up

        return set_up(settings, clock, school=asked.school)
    from rollbook.server.demo.fill import make_demo

    return make_demo(
        settings,
        clock,
        new_id,
        asked.students,
        asked.seed,
        only_students=asked.only_students,
        beside=asked.beside,
    )


def _erase(asked: argparse.Namespace, settings: Settings, clock: Clock, new_id: IdSource) -> int:
    from rollbook.server.commands.erase import erase

    return erase(
        settings,
        clock,
        new_id,
        kind=asked.kind,
        named=asked.person,
        school=asked.school,
        reason=asked.reason,
        with_contacts=asked.with_contacts,
        dry_run=asked.dry_run,
    )


def _look_at_people(asked: argparse.Namespace, settings: Settings, clock: Clock) -> int:
    if asked.command == "audit":
        from rollbook.server.commands.audit import list_audit

        return list_audit(settings, clock, school=asked.school, limit=asked.last)
    from rollbook.server.commands.devices import list_devices, revoke_computer

    if asked.revoke is not None:
        return revoke_computer(settings, clock, device=asked.revoke, school=asked.school)
    return list_devices(settings, clock, school=asked.school, stuck=asked.stuck, days=asked.days)


def _look_after_database(asked: argparse.Namespace, settings: Settings, clock: Clock) -> int:
    if asked.command == "backup":
        from rollbook.server.commands.backup import back_up

        return back_up(settings, clock, asked.file)
    if asked.command == "restore":
        from rollbook.server.commands.backup import restore

        allowed = {"replace": asked.replace, "while_running": asked.while_running}
        return restore(settings, clock, asked.file, **allowed, given=_options_of_database(asked))
    from rollbook.server.commands.check import check, run_migrate

    if asked.command == "migrate":
        return run_migrate(settings, clock)
    return check(
        settings, clock, asked.mend, settings_file=file_of_settings(asked.settings), as_json=asked.json
    )


def _options_of_database(asked: argparse.Namespace) -> str:
    """What the command was given that says which database it is, to be given to the next ones as well.

    A password in it is not said.
    """
    from sqlalchemy import make_url

    database = asked.database and make_url(asked.database).render_as_string(hide_password=True)
    named = {"--database": database, "--settings": asked.settings}
    return "".join(f" {name} {shlex.quote(str(value))}" for name, value in named.items() if value)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="rollbook-server", description="The school's Rollbook server.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--database", metavar="URL", help="default: ROLLBOOK_DATABASE, else a file of yours")
    common.add_argument(
        "--settings", type=Path, metavar="FILE", help="a TOML file; default: ROLLBOOK_SETTINGS"
    )
    serve = commands.add_parser("serve", parents=[common], help="serve the school")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=_number(0, 65_535), default=8765, help="0 takes a free one")
    serve.add_argument("--workers", type=_number(1, 64), help="processes; default: the setting workers, 1")
    commands.add_parser("migrate", parents=[common], help="bring the database to this release's schema")
    looking = commands.add_parser(
        "check",
        parents=[common],
        help="say what is wrong with the deployment",
        epilog="Ends with 0 where nothing is wrong or only warnings are said, 1 where there is a problem, "
        "and 2 where it was used wrongly.",
    )
    looking.add_argument("--json", action="store_true", help="print the findings as one JSON object")
    looking.add_argument("--workers", type=_number(1, 64), help="as `serve` is given; default: the setting")
    looking.add_argument(
        "--mend", action="store_true", help="count the sums anew that computers compare with"
    )
    _add_backups(commands, common)
    commands.add_parser("prune", parents=[common], help="let go of what is too old; the server does it daily")
    recovery = commands.add_parser(
        "recovery", parents=[common], help="what computers gave back after the server was put back"
    )
    recovery.add_argument("what", choices=["list", "end"], nargs="?", default="list")
    recovery.add_argument("--school", help="the school's name; needed where there are several")
    user = commands.add_parser("create-user", parents=[common], help="make a user or give a new password")
    user.add_argument("name")
    user.add_argument("--role", required=True, choices=[role.value for role in Role])
    user.add_argument("--school", help="the school's name; needed where there are several")
    user.add_argument("--create-school", action="store_true", help="make the school if there is none such")
    user.add_argument("--password-stdin", action="store_true", required=True, help="read one line")
    change = commands.add_parser("set-role", parents=[common], help="give a user another role")
    change.add_argument("name")
    change.add_argument("--role", required=True, choices=[role.value for role in Role])
    change.add_argument("--school", help="the school's name; needed where there are several")
    devices = commands.add_parser("devices", parents=[common], help="how things stand at each computer")
    devices.add_argument("--stuck", action="store_true", help="only those whose entries do not come")
    devices.add_argument("--days", type=float, metavar="N", help="how long is too long")
    devices.add_argument("--school", help="the school's name; all without")
    devices.add_argument("--revoke", metavar="COMPUTER", help="end all sessions at that computer, at once")
    audit = commands.add_parser(
        "audit", parents=[common], help="what was done to accounts, computers and the school"
    )
    audit.add_argument("--school", help="the school's name; needed where there are several")
    audit.add_argument(
        "--last", type=_number(1, 10_000), default=50, metavar="N", help="so many; default: 50"
    )
    _add_erasure(commands, common)
    _add_schools(commands, common)
    return parser


def _add_schools(commands: Any, common: argparse.ArgumentParser) -> None:
    setting_up = commands.add_parser(
        "set-up", parents=[common], help="add the codes and grade scales of a new school that are missing"
    )
    setting_up.add_argument("--school", help="the school's name; needed where there are several")
    demo = commands.add_parser("make-demo", parents=[common], help="make a made-up school to try it with")
    demo.add_argument("--students", type=_number(1, 10_000_000), required=True)
    demo.add_argument("--seed", type=int, default=1)
    demo.add_argument("--only-students", action="store_true", help="no classes, registers and grades")
    demo.add_argument("--beside", action="store_true", help="even where another school is in the database")


def _add_erasure(commands: Any, common: argparse.ArgumentParser) -> None:
    erasing = commands.add_parser(
        "erase",
        parents=[common],
        help="erase a person and all that is about them, on request, for good",
    )
    erasing.add_argument("person", metavar="NUMBER|ID", help="the student number, or the record's ID")
    erasing.add_argument("--reason", required=True, help="kept in the audit trail; without the name")
    erasing.add_argument("--kind", choices=PERSONS, default=PERSONS[0])
    erasing.add_argument("--with-contacts", action="store_true", help="contacts of nobody else, too")
    erasing.add_argument("--dry-run", action="store_true", help="say what would go, and erase nothing")
    erasing.add_argument("--school", help="the school's name; needed where there are several")


def _add_backups(commands: Any, common: argparse.ArgumentParser) -> None:
    making = commands.add_parser("backup", parents=[common], help="write the whole database to a file")
    making.add_argument("file", type=Path, metavar="FILE")
    back = commands.add_parser("restore", parents=[common], help="put a backup in the database's place")
    back.add_argument("file", type=Path, metavar="FILE")
    back.add_argument(
        "--replace", action="store_true", help="a database that is not empty; what it holds is kept aside"
    )
    back.add_argument("--while-running", action="store_true", help="even while a server has it open")


def _number(least: int, most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        found = int(text)
        if not least <= found <= most:
            raise argparse.ArgumentTypeError(f"must be {least} to {most}, not {found}")
        return found

    return number


if __name__ == "__main__":
    sys.exit(main())
