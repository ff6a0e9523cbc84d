"""A real server over a socket, and a command line connected to it."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.command_line import CommandLine
from support.server_process import ServerProcess


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    """The server, running, with a registrar."""
    one = ServerProcess(tmp_path / "server")
    one.create_user()
    with one:
        yield one


@pytest.fixture
def ctl(server: ServerProcess, tmp_path: Path) -> CommandLine:
    """A computer in sync with the empty school."""
    one = CommandLine(tmp_path / "desk")
    one.connect(server)
    assert one.run("sync").code == 0
    return one


@pytest.fixture
def at_school(server: ServerProcess) -> Callable[[str], list[Any]]:
    """Plain SQL on the server's database: what the oracle reads."""

    def rows(query: str) -> list[Any]:
        with sqlite3.connect(server.folder / "school.sqlite3") as connection:
            return connection.execute(query).fetchall()

    return rows
