"""Runs a program that kills itself with SIGKILL when it passes a named point of a write.

`python -m support.killed_at POINT[:nth] rollbook-server serve ...`
"""

import os
import runpy
import signal
import sys

from rollbook.domain import checkpoints

PROGRAMS = {
    "rollbook-server": "rollbook.server",
    "rollbookctl": "rollbook.cli",
    "rollbook": "rollbook_desktop",
}


def kill_at(point: str, nth: int) -> None:
    """Have this process killed the ``nth`` time that it passes ``point``."""
    left = nth

    def observer(passed: str) -> None:
        nonlocal left
        if passed == point:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    checkpoints.observe(observer)


def main() -> None:
    """Install the observer, then run the real program with the arguments that follow its name."""
    point, _, nth = sys.argv[1].partition(":")
    kill_at(point, int(nth or 1))
    program = sys.argv[2]
    sys.argv = [program, *sys.argv[3:]]
    runpy.run_module(f"{PROGRAMS[program]}.__main__", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
