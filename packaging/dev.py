"""The developer's command, `python3 packaging/dev.py`: setup, run, test, bench, load, kills, server, lock.

Needs Python 3.11 and its standard library, and nothing else: it brings the rest.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - said before an older Python stumbles over the modules below
    sys.exit("Rollbook needs Python 3.11 or later; this is Python " + sys.version.split()[0])

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence

import checks
import debian
import environment
import screen
from saying import GivingUpError, say

USAGE = """\
usage: python3 packaging/dev.py COMMAND [ARGUMENT...]

  setup              bring everything that the other commands need; quick when nothing is missing
  run [ARGUMENT...]  open the window on a made-up school (arguments go to `rollbook`)
  test [ARGUMENT...] check style, types, layers, then run the tests (arguments go to pytest);
                     --only-tests leaves the checks out
  faults [ARGUMENT...]  histories of faults: clients and the server through all that can go wrong, judged
                     (--histories N --seed N; --jobs N at once; --resume goes on; --help says the rest)
  bench [ARGUMENT...]   measure (arguments go to the benchmarks)
  load [ARGUMENT...]    many clients on a real server while its PostgreSQL is restarted
                     (--clients N --seconds N)
  kills [ARGUMENT...]   kill client and server a thousand times and judge (--kills N --seed N)
  server [ARGUMENT...]  the school's server (arguments go to `rollbook-server`; default: serve)
  lock               write packaging/requirements.lock anew (needs `uv`)
"""
_USAGE_ERROR = 2


def main(arguments: Sequence[str]) -> int:
    """Run one command; gives its exit code."""
    name = arguments[0] if arguments else ""
    if name in ("-h", "--help", "help"):
        print(USAGE, end="")
        return 0
    command = COMMANDS.get(name)
    if command is None:
        if name:
            say(f"There is no command {name!r}.")
        say(USAGE.rstrip())
        return _USAGE_ERROR
    try:
        return command(list(arguments[1:]))
    except GivingUpError as reason:
        say(str(reason))
        return 1
    except KeyboardInterrupt:
        say("Stopped.")
        return 130


def setup(arguments: list[str]) -> int:
    """Bring everything that the other commands need."""
    _takes_none("setup", arguments)
    debian.bring(debian.EVERYTHING)
    environment.ready()
    say("Everything is set up.")
    return 0


def run(arguments: list[str]) -> int:
    """Open the window on the made-up school; without a screen say how to get one."""
    debian.bring(debian.WINDOW)
    environment.ready()
    if not screen.present():
        say(screen.HOW_TO_GET_ONE)
        return 0
    return _become([str(environment.program("rollbook")), "--try", *arguments])


def test(arguments: list[str]) -> int:
    """Check style, types and layers, then run the tests; the last line counts them."""
    debian.bring(debian.EVERYTHING)
    environment.ready()
    only_tests = "--only-tests" in arguments
    return checks.run([each for each in arguments if each != "--only-tests"], only_tests)


def faults(arguments: list[str]) -> int:
    """Run histories of faults; the last line counts what was wrong in them."""
    debian.bring(debian.ENVIRONMENT + debian.DATABASE_TESTS)
    environment.ready()
    return _become_tests("faults", arguments)


def bench(arguments: list[str]) -> int:
    """Measure."""
    debian.bring(debian.WINDOW)
    environment.ready()
    return _become_tests("benchmarks", arguments)


def load(arguments: list[str]) -> int:
    """Many clients at once on two workers while the database is restarted; figures, and what is wrong."""
    debian.bring(debian.ENVIRONMENT + debian.DATABASE_TESTS)
    environment.ready()
    return _become_tests("load", arguments)


def kills(arguments: list[str]) -> int:
    """Kill client and server over and over, at random and at named points of a write; judge what is left."""
    debian.bring(debian.ENVIRONMENT)
    environment.ready()
    os.environ["PYTHONPATH"] = str(environment.ROOT / "tests")
    return _become([str(environment.program("python")), "-m", "crash.many_kills", *arguments])


def server(arguments: list[str]) -> int:
    """Run the school's server, or one of its administrator's commands."""
    debian.bring(debian.ENVIRONMENT)
    environment.ready()
    return _become([str(environment.program("rollbook-server")), *(arguments or ["serve"])])


def lock(arguments: list[str]) -> int:
    """Write the lock anew from pyproject.toml: every platform, with hashes, without an address."""
    _takes_none("lock", arguments)
    uv = shutil.which("uv")
    if uv is None:
        raise GivingUpError("`uv` makes the lock and is not here. Install it: pip install uv")
    made = [uv, "pip", "compile", "--universal", "--python-version", "3.11", "--generate-hashes"]
    made += ["--all-extras", "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"]
    made += ["pyproject.toml", "--output-file", str(environment.LOCK.relative_to(environment.ROOT))]
    return subprocess.run(made, cwd=environment.ROOT, stdout=subprocess.DEVNULL, check=False).returncode


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "setup": setup,
    "run": run,
    "test": test,
    "faults": faults,
    "bench": bench,
    "load": load,
    "kills": kills,
    "server": server,
    "lock": lock,
}


def _takes_none(command: str, arguments: list[str]) -> None:
    if arguments:
        raise GivingUpError(f"`{command}` takes no arguments, but was given: {' '.join(arguments)}")


def _become_tests(package: str, arguments: list[str]) -> int:
    """Run a package of the tests that is a program."""
    os.environ["PYTHONPATH"] = str(environment.ROOT / "tests")
    return _become([str(environment.program("python")), "-m", package, *arguments])


def _become(command: list[str]) -> int:
    """Run ``command`` in this process's place, so that signals and the exit code are its own."""
    if os.name == "nt":  # there, exec returns to the shell before the program has ended
        return subprocess.run(command, check=False).returncode
    os.execv(command[0], command)  # noqa: S606 - the command is our own, and no shell is wanted


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
