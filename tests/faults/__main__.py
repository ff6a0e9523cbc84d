"""`python -m faults`: histories of faults, counted and judged; exit code 1 if anything is not 0."""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from faults import planted
from faults.history import Told, run
from faults.oracle import KINDS
from faults.template import make_template

_MEMORY = Path("/dev/shm")
_SHOWN_EVERY_SECONDS = 5.0
_CRITICAL = 50


@dataclass(slots=True)
class Tally:
    """What was run so far, from which `--resume` goes on. ``failing`` are the histories that failed."""

    seed: int
    done: int = 0
    operations: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    failing: list[int] = field(default_factory=list)

    def add(self, number: int, told: Told) -> None:
        """Count one history."""
        self.done = number + 1
        self.operations += told.operations
        self.faults += told.faults
        self.wrong.update({fault.kind for fault in told.wrong})
        if told.wrong:
            self.failing.append(number)

    def line(self) -> str:
        """One line of figures."""
        counts = ", ".join(f"{kind} {self.wrong[kind]}" for kind in KINDS)
        return f"histories {self.done}, operations {self.operations}, faults {self.faults.total()}, {counts}"

    def save(self, file: Path) -> None:
        """Write it whole or not at all."""
        values = {name: getattr(self, name) for name in self.__slots__}
        fresh = file.with_suffix(".new")
        fresh.write_text(json.dumps(values), encoding="utf-8")
        fresh.replace(file)

    @classmethod
    def load(cls, file: Path) -> "Tally":
        """Read it."""
        values = json.loads(file.read_text(encoding="utf-8"))
        return cls(**values | {"faults": Counter(values["faults"]), "wrong": Counter(values["wrong"])})


def main(arguments: Sequence[str]) -> int:
    """Run them; gives the exit code."""
    asked = _asked(arguments)
    _alone()
    with _folder() as folder:
        if asked.planted:
            return _find(asked.planted, folder, asked)
        if asked.only is not None:
            return _repeat(folder, asked)
        return _run_all(folder, asked)


def _run_all(folder: Path, asked: argparse.Namespace) -> int:
    tally = Tally.load(asked.state) if asked.resume else Tally(asked.seed)
    template = make_template(folder / "template")
    shown = time.monotonic()
    for number in range(tally.done, asked.histories):
        told = run(template, folder / "run", f"{tally.seed}:{number}")
        tally.add(number, told)
        if told.wrong and len(tally.failing) == 1:
            _tell(told, tally.seed, number)
        if time.monotonic() - shown > _SHOWN_EVERY_SECONDS:
            shown = time.monotonic()
            tally.save(asked.state)
            print(f"… {tally.line()}", file=sys.stderr, flush=True)
    tally.save(asked.state)
    for kind, times in sorted(tally.faults.items()):
        print(f"{kind}: {times}")
    if tally.failing:
        print(
            f"failing: {', '.join(f'--seed {tally.seed} --only {number}' for number in tally.failing[:20])}"
        )
    print(tally.line())
    return 1 if tally.failing else 0


def _repeat(folder: Path, asked: argparse.Namespace) -> int:
    told = run(make_template(folder / "template"), folder / "run", f"{asked.seed}:{asked.only}")
    _tell(told, asked.seed, asked.only)
    return 1 if told.wrong else 0


def _find(names: Sequence[str], folder: Path, asked: argparse.Namespace) -> int:
    """Run histories with each bug in place until one of them fails; exit code 1 if a bug is not found."""
    template = make_template(folder / "template")
    missed = 0
    for name in planted.BUGS if "all" in names else names:
        found = None
        with planted.BUGS[name]():
            for number in range(asked.histories):
                told = run(template, folder / "run", f"{asked.seed}:{number}")
                if told.wrong:
                    found = told.wrong[0]
                    break
        missed += found is None
        after = f"found after {number + 1} histories: {found.kind}: {found.what}" if found else "NOT FOUND"
        print(f"{name}: {after}" + ("" if found else f" in {asked.histories} histories"), flush=True)
    return 1 if missed else 0


def _tell(told: Told, seed: int, number: int) -> None:
    print(f"--seed {seed} --only {number}")
    for step in told.steps:
        print(f"  {step}")
    for fault in told.wrong:
        print(f"{fault.kind}: {fault.what}")
    print(f"{told.operations} operations, {len(told.wrong)} wrong", flush=True)


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="rollbook-faults-", dir=_MEMORY if _MEMORY.is_dir() else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _alone() -> None:
    """Nothing of this user's surroundings: no proxies, no logs, no settings."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or (name.startswith("ROLLBOOK_") and "TEST" not in name):
            del os.environ[name]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(_CRITICAL))


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="faults", description=__doc__)
    parser.add_argument("--histories", type=int, default=200, help="how many (default 200)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same histories")
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
