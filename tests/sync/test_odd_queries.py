"""What cannot be asked is refused in words (H5); an address that nobody answers is not kept (S10)."""

from pathlib import Path
from typing import Any

import pytest

from rollbook.client.accounts import current_account
from rollbook.client.errors import RefusedEntryError
from rollbook.client.opening import open_client
from rollbook.client.values import RecordQuery
from support.client_desk import ClientDesk
from support.in_process_line import InProcessLine


@pytest.mark.parametrize(
    "asked",
    [
        {"limit": 10**30},
        {"limit": -1},
        {"offset": 10**30},
        {"offset": -5},
        {"filters": {"phone": 10**30}},
        {"filters": {"phone": {"a": 1}}},
        {"filters": {"phone": [1]}},
        {"filters": {"phone": b"x"}},
    ],
    ids=str,
)
def test_h5_what_cannot_be_asked_is_refused_by_name(desk: ClientDesk, asked: dict[str, Any]) -> None:
    named = next(iter(asked.get("filters", asked)))
    with pytest.raises(RefusedEntryError, match=named):
        desk.client.records(RecordQuery(**asked))


def test_h5_the_command_line_says_so(desk: ClientDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLBOOK_KEYRING", "0")
    said = InProcessLine(desk.data).run("students", "list", "--limit", "9" * 40)
    assert (said.code, said.data["errors"][0]["field"]) == (1, "limit")


def test_s10_an_address_is_kept_once_our_server_has_answered_there(desk: ClientDesk) -> None:
    def kept(data: Path) -> str:
        account = current_account(data)
        assert account is not None
        return account.url

    desk.network.down = True
    for url, down in (("http://mistyped", True), ("http://moved", False)):
        desk.network.down = down
        desk.client.close()
        desk.client = open_client(desk.data, server=url, settings=desk._settings, surroundings=desk._around)
        before = kept(desk.data)
        _look(desk)
        assert kept(desk.data) == (before if down else url)


def _look(desk: ClientDesk) -> None:
    import asyncio

    async def look() -> None:
        await desk.client.probe()
        await desk.client.aclose()

    asyncio.run(look())
