"""A user whose role changes, and a desk that is killed while it follows (S23)."""

import asyncio
from typing import Any

import pytest

from rollbook.domain import checkpoints
from rollbook.domain.roles import Role
from rollbook.server.auth import accounts
from support.client_desk import ClientDesk
from support.school_server import SchoolServer


class Killed(BaseException):
    """The process ends here."""


def set_role(school: SchoolServer, desk: ClientDesk, role: Role) -> None:
    """Give the desk's user another role, as `rollbook-server set-role` does."""
    user_id = desk.client.account.user_id
    assert school.write(
        lambda connection: accounts.change_role(connection, school.clock, user_id, school.school_id, role)
    )


def proposals(desk: ClientDesk, state: str | None = None) -> list[dict[str, Any]]:
    """What the desk's user may decide."""

    async def ask() -> list[dict[str, Any]]:
        try:
            return await desk.client.proposals.listed(state)
        finally:
            await desk.client.aclose()

    return asyncio.run(ask())


def decide(desk: ClientDesk, number: int, *, accept: bool, note: str = "", **choices: str) -> dict[str, Any]:
    """Decide a proposal."""

    async def ask() -> dict[str, Any]:
        try:
            return await desk.client.proposals.decide(number, accept=accept, choices=choices, note=note)
        finally:
            await desk.client.aclose()

    return asyncio.run(ask())


def names(desk: ClientDesk) -> list[Any]:
    """The given names that the desk shows."""
    return [values["given_name"] for values in desk.shown()]


def bytes_on_disk(desk: ClientDesk) -> bytes:
    """All that the account's files hold, whatever a database makes of it."""
    folder = desk.client.account.folder
    return b"".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


def dies_at(desk: ClientDesk, point: str) -> None:
    """Sync until the process is killed at ``point``; then a new one opens what is on disk."""

    def observer(passed: str) -> None:
        if passed == point:
            raise Killed

    checkpoints.observe(observer)
    try:
        with pytest.raises(Killed):
            desk.sync()
    finally:
        checkpoints.observe(None)
    desk.crash()
