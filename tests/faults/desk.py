"""One computer: the real client on its own data folder, that dies as a killed process does."""

import asyncio
import random
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from faults.network import Known, Meanwhile, Network, Weather
from faults.school import School
from faults.template import desk_settings
from faults.time_and_chance import ComputerClock, World
from rollbook.client.facade import Client
from rollbook.client.opening import Surroundings, open_client

POINTS = (
    "client.save.before_commit",
    "client.save.committed",
    "client.push.before_send",
    "client.push.answered",
    "client.settle.before_commit",
    "client.settle.committed",
    "client.pull.before_commit",
    "client.snapshot.before_commit",
    "client.recovery.found",
    "on the way out",
    "on the way back",
)
_NO_LIMIT = 4294967294  # pages; SQLite's own
_FILES = ("store.sqlite3", "store.sqlite3-wal")


@dataclass(slots=True)
class Watch:
    """What the judge noted of this desk at the last look: when that was, and the version of each row."""

    at: tuple[Any, ...] = ()
    versions: dict[str, int] = field(default_factory=dict)


class DeskDied(BaseException):
    """The desk's process ends here and now. What runs while this unwinds is undone."""


class Desk:
    """``dying_at`` is the point at which it dies next. What is on disk at that moment is all that is left."""

    def __init__(
        self,
        name: str,
        user: str,
        data: Path,
        school: School,
        world: World,
        weather: Weather,
        meanwhile: Meanwhile,
        sent: Callable[[list[str], set[str]], None],
        chance: random.Random,
        **settings: str,
    ) -> None:
        self.name, self.user, self.data = name, user, data
        self._world = world
        self.clock = ComputerClock(world)
        self.dying_at: str | None = None
        self.deaths = 0
        self.disk_full = False
        self.known = Known()
        self.watch = Watch()
        self._school, self._weather, self._chance = school, weather, chance
        self._meanwhile, self._sent = meanwhile, sent
        self._settings = desk_settings(data, **settings)
        self._open()

    def _open(self) -> None:
        self.network = Network(self._school, self._weather, self._meanwhile, self._sent, self.known)
        around = Surroundings(clock=self.clock, chance=self._chance, transport=self.network)
        self.client: Client = open_client(self.data, settings=self._settings, surroundings=around)
        self.client._api._retry._sleep = self._sleep
        self._reader = sqlite3.connect(self.client.account.store, isolation_level=None)
        self.watch.at = ()

    async def _sleep(self, seconds: float) -> None:
        """A wait between the attempts of a read takes the world's time, not ours."""
        self._world.advance(seconds)
        await asyncio.sleep(0)

    def pass_time(self, seconds: float) -> None:
        """Its people wait, and the world with them."""
        self._world.advance(seconds)

    def passed(self, point: str) -> None:
        """This desk came by ``point``."""
        if point == self.dying_at:
            self.dying_at = None
            self.disk = self._disk()
            raise DeskDied(point)

    async def die(self) -> None:
        """The process is gone; a new one opens what was on the disk when it went."""
        self.deaths += 1
        disk = getattr(self, "disk", None) or self._disk()
        self.disk = None
        folder, cut, late = self.client.account.folder, self.network.cut, self.network.late
        await self.close()
        shutil.rmtree(folder / "cache", ignore_errors=True)
        for name in (*_FILES, "store.sqlite3-shm"):
            (folder / name).unlink(missing_ok=True)
        for name, content in disk.items():
            (folder / name).write_bytes(content)
        self._open()
        self.disk_full = False
        self.network.cut, self.network.late = cut, late

    def _disk(self) -> dict[str, bytes]:
        folder = self.client.account.folder
        return {name: (folder / name).read_bytes() for name in _FILES if (folder / name).exists()}

    def fill_disk(self, full: bool) -> None:
        """No page is left for the store's file to grow by; or there is room again."""
        with self.client._store.write() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages if full else _NO_LIMIT}")
        self.disk_full = full

    def rows(self, query: str, *parameters: Any) -> list[Any]:
        """Rows by plain SQL on the store's file."""
        return self._reader.execute(query, parameters).fetchall()

    def states(self) -> dict[str, str]:
        """The state of every entry that the store remembers, by op_id."""
        return dict(self.rows("SELECT op_id, state FROM operation"))

    def reachable(self) -> str:
        """What the client knows of the server now, apart from its tables."""
        return self.client._api.connection().state.value

    async def close(self) -> None:
        """Close what is open."""
        self._reader.close()
        await self.client.aclose()
        self.client.close()
