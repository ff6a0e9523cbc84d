"""`python -m crash.many_kills`: SIGKILL of client and server, counted and judged; exit code 1 if it shows.

Each kill hits a real process: at a random moment, or at a named point of a write (`domain.checkpoints`).
"""

import argparse
import json
import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crash import planted_kills
from crash.forking import KILLED
from crash.judging import KINDS, Fault
from crash.killed_school import KilledSchool, a_seed, alone, killed_school, make_template

_MEMORY = Path("/dev/shm")
_CORE = Path(__file__).resolve().parents[2] / "core" / "rollbook"
_SHOWN_EVERY_SECONDS = 5.0
_ROUNDS_OF_A_SURVIVOR, _ROUNDS_WITHOUT_END = 3, 100_000
_LONGEST_SECONDS = 0.25
_AT_A_POINT = 0.6
_MISSED_AT_MOST = 2  # a point that this work does not come by is not waited for again and again
_POINT_WITHIN_SECONDS = 3.0
RANDOM = "a random moment"


@dataclass(slots=True)
class Tally:
    """What was killed, saved and found wrong so far."""

    kills: dict[str, Counter[str]] = field(default_factory=lambda: {"client": Counter(), "server": Counter()})
    saves: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)
    missed: Counter[str] = field(default_factory=Counter)  # points at which nothing came by in time

    @property
    def count(self) -> int:
        """Kills so far."""
        return sum(each.total() for each in self.kills.values())

    def found(self, faults: Sequence[Fault]) -> None:
        """Count what is wrong."""
        for fault in faults:
            said = f"{fault.kind}: {fault.what}"
            if said not in self.told:  # it is seen again after each kill
                self.wrong[fault.kind] += 1
                self.told.append(said)

    def line(self) -> str:
        """One line of figures."""
        kills = ", ".join(f"{who} {each.total()}" for who, each in self.kills.items())
        saves = ", ".join(f"{name} {self.saves[name]}" for name in ("saves", "acknowledged", "stored"))
        wrong = ", ".join(f"{kind} {self.wrong[kind]}" for kind in KINDS)
        return f"kills {self.count} ({kills}), {saves}, {wrong}"


def points(side: str) -> list[str]:
    """Every named point of that side that stands in the program."""
    named = re.compile(rf'passed\(\s*"({side}\.[a-z_.]+)"')
    found = {point for path in _CORE.rglob("*.py") for point in named.findall(path.read_text("utf-8"))}
    return sorted(found)


def kill_client(school: KilledSchool, chance: random.Random, tally: Tally, point: str | None) -> None:
    """Somebody works until their computer is killed; now and then the other desk works meanwhile."""
    if chance.random() < 0.3:
        school.work(school.desks[1], _ROUNDS_OF_A_SURVIVOR, a_seed(chance))
        desk = school.desks[0]
    else:
        desk = chance.choice(school.desks)
    nth = chance.randint(1, 2)
    where = None if point is None else f"{point}:{nth}"
    child = school.work(desk, _ROUNDS_WITHOUT_END, a_seed(chance), where)
    if point is None:
        child.wait(chance.uniform(0.0, _LONGEST_SECONDS))
    elif not child.wait(_POINT_WITHIN_SECONDS):
        tally.missed[point] += 1
        point = None  # it never came there; the kill is one at some moment
    assert child.kill() == KILLED, school.why()
    tally.kills["client"][point or RANDOM] += 1


def kill_server(school: KilledSchool, chance: random.Random, tally: Tally, point: str | None) -> None:
    """The server is killed while both desks work, and a fresh one comes in its place."""
    assert school.server is not None
    if point is not None:
        school.server_dies_at(f"{point}:{chance.randint(1, 3)}")
    rounds = _ROUNDS_OF_A_SURVIVOR if point is None else 2 * _ROUNDS_OF_A_SURVIVOR
    for desk in school.desks:
        school.work(desk, rounds, a_seed(chance))
    if point is None:
        school.server.wait(chance.uniform(0.0, _LONGEST_SECONDS))
    elif not school.server_falls():
        tally.missed[point] += 1
        point = None
    assert school.server.kill() == KILLED, school.why()
    tally.kills["server"][point or RANDOM] += 1
    tally.found(school.look())
    school.start_server()


def a_group(school: KilledSchool, chance: random.Random, tally: Tally, kills: int, only: str | None) -> None:
    """So many kills, client and server in turn; then everything heals and is judged."""
    named = {side: [only] if only and only.startswith(side) else points(side) for side in tally.kills}
    for number in range(kills):
        side, kill = (("client", kill_client), ("server", kill_server))[number % 2]
        reached = [each for each in named[side] if tally.missed[each] < _MISSED_AT_MOST] or [None]
        point = chance.choice(reached) if chance.random() < (1 if only else _AT_A_POINT) else None
        kill(school, chance, tally, point)
        school.all_finish()
        tally.found(school.look())
    tally.found(school.heal_and_judge())
    tally.saves.update(dict(zip(("saves", "acknowledged", "stored"), school.saves(), strict=True)))


def main(arguments: Sequence[str]) -> int:
    """Run them; gives the exit code."""
    asked = _asked(arguments)
    folder = Path(tempfile.mkdtemp(prefix="rollbook-kills-", dir=_MEMORY if _MEMORY.is_dir() else None))
    try:
        alone(folder)
        with planted_kills.BUGS[asked.planted]():
            tally = _run(folder, asked)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _tell(tally, asked)
    return 1 if tally.wrong else 0


def _run(folder: Path, asked: argparse.Namespace) -> Tally:
    tally, shown, began = Tally(), time.monotonic(), time.monotonic()
    port = make_template(folder / "template")
    group = 0
    while tally.count < asked.kills and (group == 0 or time.monotonic() - began < asked.seconds):
        chance = random.Random(f"{asked.seed}:{group}")
        with killed_school(folder / "template", folder / "run", port) as school:
            a_group(school, chance, tally, min(asked.group, asked.kills - tally.count), asked.point)
        group += 1
        if tally.wrong:
            _keep(folder / "run", asked)
            break
        if time.monotonic() - shown > _SHOWN_EVERY_SECONDS:
            shown = time.monotonic()
            print(f"… {tally.line()}", file=sys.stderr, flush=True)
    return tally


def _keep(run: Path, asked: argparse.Namespace) -> None:
    if asked.keep is not None:
        shutil.copytree(run, asked.keep, dirs_exist_ok=True)


def _tell(tally: Tally, asked: argparse.Namespace) -> None:
    for what in tally.told[:20]:
        print(what)
    for side, counted in tally.kills.items():
        for point in (RANDOM, *points(side)):
            print(f"{side} at {point}: {counted[point]}")
    if asked.json is not None:
        asked.json.write_text(
            json.dumps({"kills": tally.kills, "saves": tally.saves, "wrong": tally.wrong}), encoding="utf-8"
        )
    print(tally.line(), flush=True)


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=1_000, help="how many (default 1000), half of each side")
    parser.add_argument("--seed", type=int, default=1, help="for chance; moments differ from run to run")
    parser.add_argument("--group", type=int, default=20, help="kills before everything heals and is judged")
    parser.add_argument("--seconds", type=float, default=86_400, help="begin no group after so long")
    parser.add_argument("--point", metavar="NAME", help="kill its side there alone, and never at random")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the files of a group gone wrong")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument(
        "--planted", choices=list(planted_kills.BUGS), default="none", help="plant a bug that must be found"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
