"""`python -m faults`: histories of faults, counted and judged; exit code 1 if anything is not 0."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from faults import planted, several
from faults.door import ON_POSTGRESQL, OVER_SOCKETS
from faults.oracle import Fault
from faults.several import Templates
from faults.story import Told
from faults.tally import Tally

_SHOWN_EVERY_SECONDS = 5.0
_MINUTE = 60.0


def main(arguments: Sequence[str]) -> int:
    """Run them; gives the exit code."""
    asked = _asked(arguments)
    numbers = range(asked.histories) if asked.only is None else (asked.only,)
    with several.templates({several.way_of(number, asked.always) for number in numbers}) as made:
        if asked.planted:
            return _find(made, asked)
        if asked.only is not None:
            return _repeat(made, asked)
        return _run_all(made, asked)


def _run_all(made: Templates, asked: argparse.Namespace) -> int:
    tally = _begun(asked)
    shown = _Shown(tally.done, asked.histories)
    numbers = range(tally.done, asked.histories)
    for number, told in several.told(made, tally.seed, numbers, asked.jobs, asked.always):
        tally.add(number, told)
        if told.wrong and len(tally.failing) == 1:
            _tell(told, tally.seed, number)
        if shown.due():
            tally.save(asked.state)
            print(f"… {tally.line()}{shown.left(tally.done)}", file=sys.stderr, flush=True)
    tally.save(asked.state)
    _sum_up(tally)
    return 1 if tally.failing else 0


def _begun(asked: argparse.Namespace) -> Tally:
    """What `--resume` goes on from: only a run of the same seed can be gone on with."""
    if not asked.resume or not asked.state.exists():
        return Tally(asked.seed)
    tally = Tally.load(asked.state)
    if tally.seed != asked.seed:
        sys.exit(f"{asked.state} is of --seed {tally.seed}: give that seed, or leave --resume out")
    return tally


class _Shown:
    """When progress was shown last, and how long the rest will take."""

    def __init__(self, before: int, wanted: int) -> None:
        self._before, self._wanted = before, wanted
        self._began = self._last = time.monotonic()

    def due(self) -> bool:
        """Whether it is time to show it again."""
        now = time.monotonic()
        if now - self._last < _SHOWN_EVERY_SECONDS:
            return False
        self._last = now
        return True

    def left(self, done: int) -> str:
        """Seconds for one, minutes for the rest."""
        each = (self._last - self._began) / max(1, done - self._before)
        return f" ({each:.2f} s each, {each * (self._wanted - done) / _MINUTE:.0f} min left)"


def _sum_up(tally: Tally) -> None:
    for kind, times in sorted(tally.faults.items()):
        print(f"{kind}: {times}")
    for way, times in sorted(tally.ways.items()):
        print(f"histories {way}: {times}")
    if tally.failing:
        again = (f"--seed {tally.seed} --only {number}" for number in tally.failing[:20])
        print(f"failing: {', '.join(again)}")
    print(tally.line(), flush=True)


def _repeat(made: Templates, asked: argparse.Namespace) -> int:
    [(_number, told)] = several.told(made, asked.seed, [asked.only], always=asked.always)
    _tell(told, asked.seed, asked.only)
    return 1 if told.wrong else 0


def _find(made: Templates, asked: argparse.Namespace) -> int:
    """Run histories with each bug in place until one of them fails; exit code 1 if a bug is not found."""
    missed = 0
    for name in planted.BUGS if "all" in asked.planted else asked.planted:
        found = _found(made, asked, planted.BUGS[name])
        missed += found is None
        print(f"{name}: {_after(found, asked.histories)}", flush=True)
    return 1 if missed else 0


def _found(made: Templates, asked: argparse.Namespace, bug: planted.Planted) -> tuple[int, Fault] | None:
    """The first history that fails with the bug, and not without it."""
    for number in range(asked.histories):
        with bug():
            [(_number, told)] = several.told(made, asked.seed, [number], always=asked.always)
        if told.broke:  # by the bug itself, likely: it is planted badly, and that says nothing of the judge
            print(f"  history {number} broke: {told.broke.splitlines()[-1]}", flush=True)
            continue
        if not told.wrong:
            continue
        [(_number, without)] = several.told(made, asked.seed, [number], always=asked.always)
        if not without.wrong:
            return number, told.wrong[0]
        print(f"  history {number} fails without the bug too: {without.wrong[0].what[:200]}", flush=True)
    return None


def _after(found: tuple[int, Fault] | None, histories: int) -> str:
    if found is None:
        return f"NOT FOUND in {histories} histories"
    number, fault = found
    return f"found after {number + 1} histories: {fault.kind}: {fault.what}"


def _tell(told: Told, seed: int, number: int) -> None:
    print(f"--seed {seed} --only {number}")
    for step in told.steps:
        print(f"  {step}")
    for fault in told.wrong:
        print(f"{fault.kind}: {fault.what}")
    print(f"{told.operations} operations, {len(told.wrong)} wrong", flush=True)


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="faults", description=__doc__)
    parser.add_argument("--histories", type=int, default=200, help="how many (default 200)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same histories")
    parser.add_argument("--jobs", type=int, default=1, help="how many at once (default 1); changes no result")
    way = parser.add_mutually_exclusive_group()
    way.add_argument(
        "--sockets",
        dest="always",
        action="store_const",
        const=OVER_SOCKETS,
        help="all of them over a socket (without this, every fiftieth)",
    )
    way.add_argument(
        "--postgres",
        dest="always",
        action="store_const",
        const=ON_POSTGRESQL,
        help="all of them on PostgreSQL (without this, every fiftieth)",
    )
    parser.add_argument("--only", type=int, metavar="K", help="repeat history K alone and tell it")
    parser.add_argument("--resume", action="store_true", help="go on where the state file says it stopped")
    parser.add_argument(
        "--state",
        type=Path,
        default=Path(tempfile.gettempdir()) / "rollbook-faults.json",
        help="the state file",
    )
    parser.add_argument(
        "--planted",
        nargs="+",
        choices=[*planted.BUGS, "all"],
        help="plant a bug and count the histories that find it",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":  # the order of sets is part of a history
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "faults", *sys.argv[1:]])
    sys.exit(main(sys.argv[1:]))
