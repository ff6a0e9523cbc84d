"""What every command's grammar is made of."""

import argparse
from typing import TypeAlias

Parser: TypeAlias = argparse.ArgumentParser
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
JSON = "print one JSON object on standard output"


def leaf(commands: Commands, name: str, said: str, more: str | None = None) -> Parser:
    """A command or verb; ``--json`` may stand behind it as well as in front."""
    made = commands.add_parser(name, help=said, description=f"{said[0].upper()}{said[1:]}.", epilog=more)
    made.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=JSON)
    return made


def verbs(commands: Commands, name: str, said: str) -> Commands:
    """A command that is followed by a verb."""
    group = commands.add_parser(name, help=said, description=f"{said[0].upper()}{said[1:]}.")
    return group.add_subparsers(dest="verb", required=True, metavar="VERB", title="verbs")
