"""One history: people work, everything fails, then all heals, and the judge looks."""

import asyncio
import random
import shutil
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

from faults.desk import Desk, DeskDied
from faults.door import IN_PROCESS
from faults.ledger import Ledger
from faults.mishaps import Mishaps
from faults.network import Weather
from faults.oracle import STUCK, Fault, judge
from faults.people import People
from faults.school import School
from faults.story import Told
from faults.template import Template, copied
from faults.time_and_chance import World, ids_of_the_seed
from faults.watch import look
from rollbook.client.values import RefusedEntryError
from rollbook.domain import checkpoints
from rollbook.resilience.failures import CallFailedError
from rollbook.store.errors import StoreError, StoreFullError
from support.server_process import PASSWORD

ROUNDS_TO_HEAL = 40
ROUNDS_BEFORE_THE_END = 3  # of a recovery, by an administrator
Deed = Callable[[Desk], Awaitable[None]]
"""What someone does at a desk, or what happens to it."""


def run(template: Template, folder: Path, seed: str, way: str = IN_PROCESS) -> Told:
    """Run the history of that seed in ``folder``, which is removed afterwards."""
    chance = random.Random(seed)
    told = Told(seed, way)
    try:
        with ids_of_the_seed(random.Random(chance.getrandbits(64))) as source:
            world = World()
            copy = copied(template, folder)
            school = School(copy, world, source, way)
            history = History(copy, folder, school, world, chance, told)
            checkpoints.observe(history.passed)
            asyncio.run(history.tell())
    finally:
        checkpoints.observe(None)
        shutil.rmtree(folder, ignore_errors=True)
    return told


class History:
    """The story of one seed."""

    def __init__(
        self,
        template: Template,
        folder: Path,
        school: School,
        world: World,
        chance: random.Random,
        told: Told,
    ) -> None:
        self._school, self._world, self._chance, self._told = school, world, chance, told
        self._ledger = Ledger()
        self._people = People(self._ledger, chance, told.wrong, chance.choice((0.0, 0.5, 0.9)))
        self._weather = Weather(chance, fault=chance.choice((0.0, 0.15, 0.3, 0.5)), counts=told.faults)
        self._mishaps = Mishaps(school, world, self._ledger, chance, told.faults)
        self._acting: list[Desk] = []
        self._known_before = {op_id for (op_id,) in school.rows("SELECT op_id FROM feed")}
        self._desks: list[Desk] = []
        sizes = {
            "ROLLBOOK_SYNC_PUSH_OPERATIONS": str(chance.choice((1, 3, 500, 500))),
            "ROLLBOOK_SYNC_PAGE_CHANGES": str(chance.choice((2, 5, 2000, 2000))),
        }
        for number in sorted(chance.sample(range(len(template.desks)), chance.choice((2, 2, 3, 4)))):
            name, user = f"desk{number}", template.users[number]
            self._desks.append(
                Desk(
                    name, user, folder / name, school, world, self._weather, self._meanwhile,
                    self._ledger.went_out, random.Random(chance.getrandbits(64)), **sizes,
                )
            )  # fmt: skip
        self._mishaps.among(self._desks)

    def passed(self, point: str) -> None:
        """A write came by a named point, here or at the server."""
        if point.startswith("server."):
            self._school.passed(point)
        elif self._acting:
            self._acting[-1].passed(point)

    async def tell(self) -> None:
        """All of it."""
        try:
            for _step in range(self._chance.choice((6, 8, 12, 20, 40))):
                desk = self._chance.choice(self._desks)
                await self._something(desk)
                self._look(desk)
            self._look(*self._desks)
            await self._heal()
            self._told.wrong += judge(self._school, self._desks, self._ledger, self._known_before)
        except Exception:  # whatever it is, somebody at a desk would be stuck with it
            self._told.broke = traceback.format_exc()
            self._told.wrong.append(Fault(STUCK, self._told.broke))
        finally:
            self._told.operations = len(self._ledger.entries)
            self._told.steps = self._ledger.steps
            for desk in self._desks:
                await desk.close()
            await self._school.close()

    # ---- while it is bad

    async def _something(self, desk: Desk) -> None:
        people, roll = self._people, self._chance.random()
        if roll < 0.34:
            for _edit in range(self._chance.choice((1, 1, 2, 4))):
                await self._by(desk, self._edit)
        elif roll < 0.60:
            await self._by(desk, self._sync)
        elif roll < 0.68:
            await self._by(desk, people.decide_one)
        elif roll < 0.71:
            await self._by(desk, people.take_back)
        elif roll < 0.75:
            people.open_form(desk)
        elif roll < 0.80:
            await self._by(desk, self._ask)
        else:
            await self._by(desk, self._mishaps.one)

    async def _edit(self, desk: Desk) -> None:
        roll = self._chance.random()
        if roll < 0.15:
            await self._people.enter_new(desk)
        elif roll < 0.23:
            await self._people.archive(desk)
        elif roll < 0.27:
            await self._people.import_rows(desk)
        else:
            await self._people.change(desk)

    async def _by(self, desk: Desk, deed: Deed) -> None:
        """Have ``desk`` do something; where its process dies, it starts again from the disk."""
        if desk in self._acting:
            return
        self._acting.append(desk)
        deaths = desk.deaths
        try:
            await self._deed(desk, deed)
        except DeskDied as died:
            self._told.faults[f"died {died}"] += 1
            self._ledger.say(f"{desk.name} died at: {died}")
            if desk.deaths == deaths:
                await desk.die()
        except StoreError:
            if desk.deaths == deaths:
                raise
            # Else it is what a dead process still tried, on files that are another's by now.
        finally:
            self._acting.pop()

    async def _deed(self, desk: Desk, deed: Deed) -> None:
        """A deed; where there is no room or no right for it, nothing was stored and the person knows."""
        try:
            await deed(desk)
        except StoreFullError:
            self._told.faults["disk full"] += 1
            self._ledger.say(f"  there is no room on the disk of {desk.name}")
        except RefusedEntryError as refused:
            self._ledger.say(f"  {desk.name} may not: {refused}")

    async def _sync(self, desk: Desk) -> None:
        self._ledger.say(f"{desk.name} syncs")
        desk.network.told.clear()
        try:
            await desk.client.sync_once()
        except CallFailedError as failure:
            self._ledger.say(f"  {failure.code}; met {desk.network.told}; {self._waiting(desk)}")
            if desk.client.status().connection == "signed_out":
                await self._sign_in(desk)
        else:
            self._ledger.say(f"  went; met {desk.network.told}; {self._waiting(desk)}")

    async def _ask(self, desk: Desk) -> None:
        """Look whether there is more, or look at the dashboard; neither changes anything."""
        status = await desk.client.probe()
        self._ledger.say(f"{desk.name} asks: {status.connection} {status.outstanding}")

    async def _sign_in(self, desk: Desk) -> None:
        try:
            await desk.client.sign_in(PASSWORD)
            self._ledger.say(f"{desk.name} signs in again")
        except CallFailedError as failure:
            self._ledger.say(f"{desk.name} cannot sign in: {failure.code}")

    async def _meanwhile(self, when: str) -> None:
        """While a request is on its way: edits here, another desk's sync, the end of the process."""
        desk = self._acting[-1]
        if self._weather.calm:
            return
        desk.passed("on the way out" if when == "before" else "on the way back")
        self._look(desk)
        roll = self._chance.random()
        if roll < 0.06:
            await self._deed(desk, self._people.change)
        elif roll < 0.07:
            await self._deed(desk, self._people.archive)
        elif roll < 0.08:
            await self._deed(desk, self._people.decide_one)
        elif roll < 0.15 and len(self._acting) < 3:
            other = self._chance.choice(self._desks)
            await self._by(other, self._chance.choice((self._sync, self._edit)))

    def _look(self, *desks: Desk) -> None:
        for desk in desks:
            found = list(look(self._school, desk))
            self._told.wrong += found
            for fault in found:
                self._ledger.say(f"  THE JUDGE: {fault.kind}: {fault.what}")

    def _waiting(self, desk: Desk) -> str:
        return ", ".join(
            f"{op_id[-6:]} {state}" for op_id, state in desk.states().items()
            if state not in ("applied", "discarded", "replaced")
        ) or "nothing waits"  # fmt: skip

    # ---- when it is over

    async def _heal(self) -> None:
        self._weather.calm = True
        await self._mishaps.heal()
        for round_ in range(ROUNDS_TO_HEAL):
            self._world.advance(400.0)
            for desk in self._desks:
                if not self._quiet(desk):
                    await self._by(desk, self._sync)
                    await self._by(desk, self._people.decide_all)
            await self._by(self._desks[0], lambda desk: self._people.decide_proposals(desk, self._desks))
            if self._school.went_back and round_ >= ROUNDS_BEFORE_THE_END:
                self._school.end_recovery()
            self._look(*self._desks)
            if all(self._quiet(desk) for desk in self._desks):
                return
        for desk in self._desks:
            if not self._quiet(desk):
                status = desk.client.status()
                self._told.wrong.append(Fault(STUCK, f"{desk.name} after healing: {status.outstanding}"))

    def _quiet(self, desk: Desk) -> bool:
        status = desk.client.status()
        position, _, mark = (status.cursor or "0").partition(".")
        return not status.outstanding and (int(position), mark) == self._school.last_row()
