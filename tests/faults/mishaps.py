"""What goes wrong between the deeds of people: cuts, crashes, wrong clocks, full disks, withdrawn rights."""

import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

from faults.desk import POINTS, Desk
from faults.ledger import Ledger
from faults.school import School, a_point
from faults.time_and_chance import World

_HOUR = 3600.0
_SCHOOLS_THAT_GO_BACK = 0.25
_PUT_BACK = 0.6
_ROLES = ("viewer", "registrar")


class Mishaps:
    """Each is drawn by the history's own chance and counted by its kind."""

    def __init__(
        self, school: School, world: World, ledger: Ledger, chance: random.Random, counts: Counter[str]
    ) -> None:
        self._school, self._world, self._ledger = school, world, ledger
        self._chance, self._counts = chance, counts
        self._desks: Sequence[Desk] = ()
        self._goes_back = chance.random() < _SCHOOLS_THAT_GO_BACK
        self._kinds: tuple[Callable[[Desk], Awaitable[None]], ...] = (
            *(3 * [self._cut]),
            *(2 * [self._crash]),
            *(4 * [self._die_at]),
            *(2 * [self._server_dies_at]),
            self._restart,
            *(2 * [self._clock]),
            *(4 * [self._time]),
            *(2 * [self.arrive_late]),
            *(2 * [self._right]),
            self._disk,
            *((8 if self._goes_back else 0) * [self._backup]),
        )

    def among(self, desks: Sequence[Desk]) -> None:
        """These are the desks of the school."""
        self._desks = desks

    async def one(self, desk: Desk) -> None:
        """One of them happens to ``desk``, or to the school."""
        await self._chance.choice(self._kinds)(desk)

    async def heal(self) -> None:
        """Everything that a person or time mends is mended."""
        self._ledger.say("all heals")
        self._school.dying_at = None
        for desk in self._desks:
            desk.network.cut, desk.dying_at = False, None
            if desk.disk_full:
                desk.fill_disk(False)
            self._school.set_role(desk.user, "registrar")
            await self.arrive_late(desk)

    async def arrive_late(self, desk: Desk) -> None:
        """What was given up on the way reaches the school now."""
        if desk.network.late:
            self._say(f"{len(desk.network.late)} late requests of {desk.name} arrive")
            await desk.network.arrive_late()

    async def _cut(self, desk: Desk) -> None:
        desk.network.cut = not desk.network.cut
        self._say(f"{desk.name} is {'cut off' if desk.network.cut else 'connected again'}")

    async def _crash(self, desk: Desk) -> None:
        self._say(f"{desk.name} crashes", "desk crash")
        await desk.die()

    async def _die_at(self, desk: Desk) -> None:
        desk.dying_at = self._chance.choice(POINTS)

    async def _server_dies_at(self, _desk: Desk) -> None:
        self._school.dying_at = a_point(self._chance)

    async def _restart(self, _desk: Desk) -> None:
        self._say("the server is started anew", "server restart")
        await self._school.restart()

    async def _clock(self, desk: Desk) -> None:
        clock = self._chance.choice((desk.clock, self._school.clock))
        hours = self._chance.choice((-30, -5, -1, 1, 5, 0.02))
        clock.wrong_by += hours * (_HOUR if clock is desk.clock else 10.0)
        whose = desk.name if clock is desk.clock else "the school"
        self._say(f"{whose}'s clock is wrong by {clock.wrong_by}", "clock jump")

    async def _time(self, _desk: Desk) -> None:
        self._world.advance(self._chance.choice((1.0, 20.0, 100.0, 1000.0)))

    async def _right(self, desk: Desk) -> None:
        role = self._chance.choice(_ROLES)
        self._say(f"{desk.user[-6:]} at {desk.name} is {role} from now on", "role changed")
        self._school.set_role(desk.user, role)

    async def _disk(self, desk: Desk) -> None:
        desk.fill_disk(not desk.disk_full)
        self._say(f"the disk of {desk.name} {'is full' if desk.disk_full else 'has room again'}", "disk")

    async def _backup(self, desk: Desk) -> None:
        """The school's file is copied, or the last copy is put back (S22)."""
        if self._school.can_go_back and self._chance.random() < _PUT_BACK:
            self._say("the school's database is put back to the copy", "put back")
            await self._school.put_back()
            for each in self._desks:
                each.known.head = 0
        elif self._school.take_copy():
            self._say("the school's database is copied")

    def _say(self, what: str, kind: str | None = None) -> None:
        self._ledger.say(what)
        if kind is not None:
            self._counts[kind] += 1
