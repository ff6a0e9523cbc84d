"""`rollbookctl` run inside the test's process: the same entry point, without a new interpreter each time."""

import contextlib
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import structlog

from rollbook.cli.__main__ import main
from support.command_line import Said


@contextlib.contextmanager
def _logs_of_a_new_process() -> Iterator[None]:
    """What another test has set up for logs is not there in a program that begins, and is again after it."""
    configured, config = structlog.is_configured(), structlog.get_config()
    structlog.reset_defaults()
    try:
        yield
    finally:
        structlog.reset_defaults()
        if configured:
            structlog.configure(**config)


class InProcessLine:
    """`rollbookctl` on one data folder. Settings come from the test's environment."""

    def __init__(self, data: Path) -> None:
        self.data = data

    def run(self, *arguments: str, stdin: str = "") -> Said:
        """Run to the end."""
        said = self.say("--json", *arguments, stdin=stdin)
        return Said(said.code, json.loads(said.out) if said.out.strip() else {}, said.out, said.err)

    def say(self, *arguments: str, stdin: str = "") -> Said:
        """Run to the end as a person does, without ``--json``: the words are in ``out`` and ``err``."""
        out, err = io.StringIO(), io.StringIO()
        with (
            _logs_of_a_new_process(),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            mock.patch.object(sys, "stdin", io.StringIO(stdin)),
        ):
            try:
                code = main(["--data", str(self.data), *arguments])
            except SystemExit as left:
                code = int(left.code or 0)
        return Said(code, {}, out.getvalue(), err.getvalue())
