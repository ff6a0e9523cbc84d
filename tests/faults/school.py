"""The real server, that dies at named points, is started anew, and is read by plain SQL."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import make_url

from faults.door import ON_POSTGRESQL, Door, door_to
from faults.plain_sql import PlainSql
from faults.template import Template
from faults.time_and_chance import ComputerClock, World
from rollbook.domain.clock import Clock
from rollbook.domain.ids import IdSource
from rollbook.domain.roles import Role
from rollbook.server.app import create_app
from rollbook.server.auth.accounts import change_role
from support.school_server import settings_for

POINTS = (
    "server.push.before_commit",
    "server.push.before_commit",
    "server.push.committed",
    "server.push.committed",
    "server.recovery.before_commit",
    "server.recovery.committed",
)


class ServerDied(BaseException):
    """The server's process ends here and now; no cleanup of ours may catch it as an error."""


class School:
    """The application on a copied database. ``dying_at`` is the point at which it dies next."""

    def __init__(
        self, template: Template, world: World, source: Callable[[Clock], IdSource], way: str
    ) -> None:
        self.school_id = template.school_id
        self.way = way
        self.clock = ComputerClock(world)
        self._source = source
        self._settings = settings_for(
            template.database,
            template.folder,
            sign_in_attempts=10_000,
            sign_in_attempts_per_address=10_000,
        )
        self.dying_at: str | None = None
        self._died_at: str | None = None
        self.went_back = False
        self.forgotten: set[str] = set()
        """Operations that stood here before it went back: a desk that saw one may give it back (S22)."""
        self._database = template.database
        self._copy = template.folder / "copy.sqlite3"
        self._reader = PlainSql(self._database)
        self._start()

    def _start(self) -> None:
        app = create_app(self._settings, self.clock, self._source(self.clock))
        self.parts = app.state.parts
        self._door: Door = door_to(app, self.way)

    async def restart(self) -> None:
        """The process has ended; another begins on what is in the database."""
        await self._door.aclose()
        self.parts.database.close()
        self._start()

    @property
    def can_go_back(self) -> bool:
        """Whether there is a copy to be put back."""
        return self._copy.exists()

    def take_copy(self) -> bool:
        """Copy the database's file as it is now; not for PostgreSQL."""
        if self.way == ON_POSTGRESQL:
            return False
        self._reader.copy_to(self._copy)
        return True

    async def put_back(self) -> None:
        """The copy becomes the school's database, as an operator does it after a disk has died (S22)."""
        await self._door.aclose()
        self.parts.database.close()
        before = self._receipts()
        self._reader.close()
        file = Path(str(make_url(self._database).database))
        for rest in ("-wal", "-shm"):
            Path(f"{file}{rest}").unlink(missing_ok=True)
        shutil.copy(self._copy, file)
        self.went_back = True
        self._reader = PlainSql(self._database)
        self.forgotten |= before - self._receipts()
        self._start()

    def _receipts(self) -> set[str]:
        return {op_id for (op_id,) in self.rows("SELECT op_id FROM receipt")}

    def end_recovery(self) -> None:
        """The administrator waits for no other computer (S22)."""
        self.parts.recovery.end(self.school_id, "admin")

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """What the server answers, read whole. Raises :class:`ServerDied` where it died of it."""
        try:
            answer = await self._door.handle_async_request(request)
            await answer.aread()
        except (ServerDied, httpx.TransportError):
            if self._died_at is None:
                raise
            answer = None
        if self._died_at is not None:  # over a socket, what its last gasp was is not what a killed one says
            point, self._died_at = self._died_at, None
            await self.restart()
            raise ServerDied(point)
        assert answer is not None
        return answer

    def passed(self, point: str) -> None:
        """The server came by ``point``; called from its worker threads."""
        if point == self.dying_at:
            self.dying_at, self._died_at = None, point
            raise ServerDied(point)

    def rows(self, query: str, *parameters: Any) -> list[Any]:
        """Rows by plain SQL on the server's database."""
        return self._reader.rows(query, *parameters)

    def last_row(self) -> tuple[int, str]:
        """Position and mark of the feed's last row."""
        found = self.rows("SELECT position, mark FROM feed ORDER BY position DESC LIMIT 1")
        return (int(found[0][0]), str(found[0][1])) if found else (0, "")

    def set_role(self, user: str, role: str) -> None:
        """An administrator changes what a user may do."""
        [(user_id,)] = self.rows("SELECT id FROM app_user WHERE name = ?", user)
        self.parts.database.write(
            lambda connection: change_role(connection, self.clock, user_id, self.school_id, Role(role))
        )

    async def close(self) -> None:
        """Close what is open."""
        self._reader.close()
        await self._door.aclose()
        self.parts.database.close()


def a_point(chance: random.Random) -> str:
    """Where the server dies next."""
    return chance.choice(POINTS)
