"""What the developer's command says to the person at the terminal, and how it gives up."""

import sys


class GivingUpError(Exception):
    """The command cannot go on. Its text names what to do; it is shown without a traceback."""


def say(text: str) -> None:
    """One line on standard error, at once: standard output is left to the programs that are run."""
    print(text, file=sys.stderr, flush=True)
