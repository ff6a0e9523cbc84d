"""One real server for the module, and a new computer for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.in_process_line import InProcessLine
from support.server_process import PASSWORD, ServerProcess


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """The server, running, with a registrar and a viewer."""
    one = ServerProcess(tmp_path_factory.mktemp("server"), env={"ROLLBOOK_SIGN_IN_ATTEMPTS": "1000"})
    one.create_user()
    one.create_user("viewer", role="viewer")
    with one:
        yield one


@pytest.fixture
def ctl(server: ServerProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InProcessLine:
    """A computer connected as the registrar, in sync."""
    monkeypatch.setenv("ROLLBOOK_KEYRING", "0")
    monkeypatch.setenv("ROLLBOOK_RETRY_BASE_SECONDS", "0.01")
    one = InProcessLine(tmp_path / "desk")
    connected = one.run(
        "connect", server.url, "--user", "registrar", "--password-stdin", stdin=PASSWORD + "\n"
    )
    assert connected.code == 0, connected.err
    assert one.run("sync").code == 0
    return one
