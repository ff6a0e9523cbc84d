"""The command line's grammar; stable, as scripts rely on it."""

import argparse
from pathlib import Path
from typing import TypeAlias

from platformdirs import user_data_path


def parser() -> argparse.ArgumentParser:
    """The parser of `rollbookctl`. A wrong use ends the program with exit code 2."""
    top = argparse.ArgumentParser(prog="rollbookctl", description="Rollbook without a window.")
    top.add_argument("--data", type=Path, default=user_data_path("rollbook"), help="the data folder")
    top.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    top.add_argument("--server", help="the server's address, if it has moved")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _connecting(commands)
    _students(commands)
    _photo(commands)
    _outbox(commands)
    _conflicts(commands)
    _proposals(commands)
    _importing(commands)
    _support(commands)
    return top


Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _connecting(commands: Commands) -> None:
    connect = commands.add_parser("connect", help="sign in to a school's server and keep a copy here")
    connect.add_argument("url", metavar="URL")
    connect.add_argument("--user", required=True, metavar="NAME")
    connect.add_argument("--password-stdin", action="store_true", required=True)
    status = commands.add_parser("status", help="where everything is")
    status.add_argument("--seen", action="store_true", help="what befell the store was read; tell it no more")
    leave = commands.add_parser("sign-out", help="end the session; what waits is kept for this user")
    leave.add_argument("--export", type=Path, metavar="FILE", help="write what waits there, too")
    sync = commands.add_parser("sync", help="send what waits, fetch what changed")
    sync.add_argument("--watch", action="store_true", help="go on until interrupted")
    sync.add_argument("--timeout", type=float, metavar="SECONDS")
    commands.add_parser("verify", help="check this computer's store and its place in the feed")


def _students(commands: Commands) -> None:
    students = commands.add_parser("students", help="find, show, add and change students")
    verbs = students.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("find").add_argument("text", metavar="TEXT")
    verbs.add_parser("list").add_argument("--limit", type=int, default=200, metavar="N")
    verbs.add_parser("show").add_argument("id", metavar="ID")
    add = verbs.add_parser("add")
    add.add_argument("fields", nargs="+", metavar="FIELD=VALUE")
    add.add_argument("--number", metavar="next|NUMBER", help="the student number; next: this desk's next one")
    change = verbs.add_parser("set")
    change.add_argument("id", metavar="ID")
    change.add_argument("fields", nargs="+", metavar="FIELD=VALUE")
    verbs.add_parser("archive").add_argument("id", metavar="ID")


def _photo(commands: Commands) -> None:
    photo = commands.add_parser("photo", help="a student's photo")
    verbs = photo.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb, says in (("set", "take it from FILE"), ("get", "write it to FILE")):
        one = verbs.add_parser(verb, help=says)
        one.add_argument("id", metavar="ID")
        one.add_argument("file", type=Path, metavar="FILE")


def _outbox(commands: Commands) -> None:
    outbox = commands.add_parser("outbox", help="entries that the school does not have yet")
    verbs = outbox.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("list")
    verbs.add_parser("show").add_argument("op", metavar="OP")
    verbs.add_parser("retry").add_argument("op", metavar="OP")
    discard = verbs.add_parser("discard")
    discard.add_argument("op", metavar="OP")
    discard.add_argument("--export", type=Path, metavar="FILE", help="write what is discarded there first")


def _conflicts(commands: Commands) -> None:
    conflicts = commands.add_parser("conflicts", help="entries for which a person must choose")
    verbs = conflicts.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("list")
    verbs.add_parser("show").add_argument("op", metavar="ID")
    resolve = verbs.add_parser("resolve")
    resolve.add_argument("op", metavar="ID")
    resolve.add_argument(
        "choices",
        nargs="+",
        metavar="FIELD=mine|theirs|next|=VALUE",
        help="for each field; “same” says that a new record is the one that the school has",
    )


def _proposals(commands: Commands) -> None:
    proposals = commands.add_parser("proposals", help="entries of users who may not write them any more")
    verbs = proposals.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("list").add_argument("--all", action="store_true", help="those that are decided, too")
    verbs.add_parser("show").add_argument("number", type=int, metavar="NUMBER")
    for verb in ("accept", "decline"):
        decided = verbs.add_parser(verb)
        decided.add_argument("number", type=int, metavar="NUMBER")
        decided.add_argument("--note", default="", metavar="TEXT", help="told to who entered it")
        if verb == "accept":
            decided.add_argument("choices", nargs="*", metavar="FIELD=mine|theirs")


def _importing(commands: Commands) -> None:
    take_in = commands.add_parser("import", help="take in a file of students")
    take_in.add_argument("file", type=Path, metavar="FILE")
    take_in.add_argument("--dry-run", action="store_true", help="say what would happen, change nothing")
    take_in.add_argument("--good-rows", action="store_true", help="leave rows with a problem out")


def _support(commands: Commands) -> None:
    support = commands.add_parser("support", help="find a request's story, make a file for support")
    verbs = support.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("find").add_argument("request_id", metavar="REQUEST_ID")
    verbs.add_parser("bundle").add_argument("file", type=Path, metavar="FILE")
