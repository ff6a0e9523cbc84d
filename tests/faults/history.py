"""One history: people work, everything fails, then all heals, and the judge looks."""

import asyncio
import random
import shutil
from pathlib import Path
from typing import Any

from faults.desk import POINTS, Desk, DeskDied
from faults.ledger import Ledger
from faults.network import Weather
from faults.oracle import STUCK, Fault, judge
from faults.people import People
from faults.school import School, a_point
from faults.story import Told
from faults.template import Template, copied
from faults.time_and_chance import World, ids_of_the_seed
from faults.watch import look
from rollbook.domain import checkpoints
from rollbook.resilience.failures import CallFailedError
from support.server_process import PASSWORD

ROUNDS_TO_HEAL = 40
_HOUR = 3600.0


def run(template: Template, folder: Path, seed: str) -> Told:
    """Run the history of that seed in ``folder``, which is removed afterwards."""
    chance = random.Random(seed)
    told = Told(seed)
    try:
        with ids_of_the_seed(random.Random(chance.getrandbits(64))) as source:
            world = World()
            school = School(copied(template, folder), world, source)
            history = History(template, folder, school, world, chance, told)
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

    def passed(self, point: str) -> None:
        """A write came by a named point, here or at the server."""
        if point.startswith("server."):
            self._school.passed(point)
        elif self._acting:
            self._acting[-1].passed(point)

    async def tell(self) -> None:
        """All of it."""
        try:
            for _step in range(self._chance.choice((8, 12, 20, 30, 60))):
                desk = self._chance.choice(self._desks)
                await self._something(desk)
                self._look(desk)
            self._look(*self._desks)
            await self._heal()
            self._told.wrong += judge(self._school, self._desks, self._ledger, self._known_before)
        finally:
            self._told.operations = len(self._ledger.entries)
            self._told.steps = self._ledger.steps
            for desk in self._desks:
                await desk.close()
            self._school.close()

    # ---- while it is bad

    async def _something(self, desk: Desk) -> None:
        people, roll = self._people, self._chance.random()
        if roll < 0.34:
            for _edit in range(self._chance.choice((1, 1, 2, 4))):
                await self._by(desk, self._edit)
        elif roll < 0.60:
            await self._by(desk, self._sync)
        elif roll < 0.68:
            people.decide_one(desk)
        elif roll < 0.71:
            people.take_back(desk)
        elif roll < 0.75:
            people.open_form(desk)
        elif roll < 0.80:
            await self._by(desk, self._ask)
        else:
            await self._mishap(desk)

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

    async def _mishap(self, desk: Desk) -> None:
        chance, say, counts = self._chance, self._ledger.say, self._told.faults
        what = chance.choice(
            ("cut", "cut", "crash", "die at", "die at", "server", "clock", "time", "time", "late", "role")
        )
        if what == "cut":
            desk.network.cut = not desk.network.cut
            say(f"{desk.name} is {'cut off' if desk.network.cut else 'connected again'}")
        elif what == "crash":
            say(f"{desk.name} crashes")
            counts["desk crash"] += 1
            await desk.die()
        elif what == "die at":
            desk.dying_at = chance.choice(POINTS)
        elif what == "server":
            self._school.dying_at = a_point(chance)
        elif what == "clock":
            counts["clock jump"] += 1
            clock = chance.choice((desk.clock, self._school.clock))
            clock.wrong_by += chance.choice((-30, -5, -1, 1, 5, 0.02)) * (
                _HOUR if clock is desk.clock else 10.0
            )
            whose = desk.name if clock is desk.clock else "the school"
            say(f"{whose}'s clock is wrong by {clock.wrong_by}")
        elif what == "late":
            await self._arrive_late(desk)
        elif what == "role":
            counts["right withdrawn"] += 1
            self._school.set_role(desk.user, chance.choice(("viewer", "registrar")))
            say(f"{desk.user[-6:]} at {desk.name} may do something else")
        else:
            self._world.advance(chance.choice((1.0, 20.0, 100.0, 1000.0)))

    async def _arrive_late(self, desk: Desk) -> None:
        if desk.network.late:
            self._ledger.say(f"{len(desk.network.late)} late requests of {desk.name} arrive")
            await desk.network.arrive_late()

    async def _by(self, desk: Desk, deed: Any) -> None:
        """Have ``desk`` do something; where its process dies, it starts again from the disk."""
        if desk in self._acting:
            return
        self._acting.append(desk)
        try:
            await deed(desk)
        except DeskDied as died:
            self._told.faults[f"died {died}"] += 1
            self._ledger.say(f"{desk.name} died at: {died}")
            await desk.die()
        finally:
            self._acting.pop()

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
            await self._people.change(desk)
        elif roll < 0.07:
            await self._people.archive(desk)
        elif roll < 0.08:
            self._people.decide_one(desk)
        elif roll < 0.15 and len(self._acting) < 3:
            other = self._chance.choice(self._desks)
            await self._by(other, self._chance.choice((self._sync, self._edit)))

    def _look(self, *desks: Desk) -> None:
        for desk in desks:
            self._told.wrong += look(self._school, desk)

    def _waiting(self, desk: Desk) -> str:
        return ", ".join(
            f"{op_id[-6:]} {state}" for op_id, state in desk.states().items()
            if state not in ("applied", "discarded", "replaced")
        ) or "nothing waits"  # fmt: skip

    # ---- when it is over

    async def _heal(self) -> None:
        self._ledger.say("all heals")
        self._weather.calm = True
        self._school.dying_at = None
        for desk in self._desks:
            desk.network.cut, desk.dying_at = False, None
            self._school.set_role(desk.user, "registrar")
            await self._arrive_late(desk)
        for _round in range(ROUNDS_TO_HEAL):
            self._world.advance(400.0)
            for desk in self._desks:
                await self._by(desk, self._sync)
                self._people.decide_all(desk)
            self._look(*self._desks)
            if all(self._quiet(desk) for desk in self._desks):
                return
        for desk in self._desks:
            if not self._quiet(desk):
                status = desk.client.status()
                self._told.wrong.append(Fault(STUCK, f"{desk.name} after healing: {status.outstanding}"))

    def _quiet(self, desk: Desk) -> bool:
        status = desk.client.status()
        head = self._school.head()
        return status.up_to_date and (status.cursor or "0").split(".")[0] == str(head)
