"""What the commands say, and how they end."""

import sys

DONE = 0
PROBLEM = 1
USAGE = 2


class CommandError(Exception):
    """Ends the command with exit code 1; the message says what is wrong and what to do."""


def say(message: str) -> None:
    """A line for the person at the keyboard, on standard error."""
    sys.stderr.write(message + "\n")
