"""The real server in this process, that dies at named points and is read by plain SQL."""

import random
import sqlite3
from collections.abc import Callable
from typing import Any

from faults.template import Template
from faults.time_and_chance import ComputerClock, World
from rollbook.domain.clock import Clock
from rollbook.domain.ids import IdSource
from rollbook.server.app import create_app
from support.school_server import settings_for


class ServerDied(BaseException):
    """The server's process ends here and now; no cleanup of ours may catch it as an error."""


class School:
    """The application on a copied file. ``dying_at`` is the point at which it dies next."""

    def __init__(self, template: Template, world: World, source: Callable[[Clock], IdSource]) -> None:
        self.file = template.school
        self.school_id = template.school_id
        self.clock = ComputerClock(world)
        settings = settings_for(
            f"sqlite:///{self.file}",
            template.folder,
            sign_in_attempts=10_000,
            sign_in_attempts_per_address=10_000,
        )
        self.app = create_app(settings, self.clock, source(self.clock))
        self.parts = self.app.state.parts
        self.dying_at: str | None = None
        self.went_back = False
        self._reader = sqlite3.connect(self.file, isolation_level=None)

    def passed(self, point: str) -> None:
        """The server came by ``point``; called from its worker threads."""
        if point == self.dying_at:
            self.dying_at = None
            raise ServerDied(point)

    def rows(self, query: str, *parameters: Any) -> list[Any]:
        """Rows by plain SQL on the server's database."""
        return self._reader.execute(query, parameters).fetchall()

    def head(self) -> int:
        """The last position of the feed."""
        [(head,)] = self.rows("SELECT coalesce(max(position), 0) FROM feed")
        return int(head)

    def set_role(self, user: str, role: str) -> None:
        """An administrator changes what a user may do."""
        with sqlite3.connect(self.file, timeout=10) as connection:
            connection.execute(
                "UPDATE membership SET role = ? WHERE user_id = (SELECT id FROM app_user WHERE name = ?)",
                (role, user),
            )
        connection.close()

    def close(self) -> None:
        """Close what is open."""
        self._reader.close()
        self.parts.database.close()


POINTS = ("server.push.before_commit", "server.push.committed")


def a_point(chance: random.Random) -> str:
    """Where the server dies next."""
    return chance.choice(POINTS)
