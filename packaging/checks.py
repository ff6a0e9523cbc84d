"""What `dev.py test` does: style, types, layers, then every test with a real screen and a real database."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType

import children
import display
import environment
import postgres
from counts import Counts
from saying import GivingUpError, say

_STOPS_WITHIN_SECONDS = 12.0
# Files are handed out in the order of tests/support/heavy_files.py, not by how many tests they hold.
_WORKERS = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")

CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("lint-imports",),
)


def run(pytest_arguments: list[str], only_tests: bool) -> int:
    """Run the checks (unless ``only_tests``) and pytest. Gives 0 where all passed and none was skipped."""
    if not sys.platform.startswith("linux"):
        raise GivingUpError(
            "The whole test command needs Linux; here, run .venv's `python -m pytest tests/core`."
        )
    unclean = [] if only_tests else [" ".join(check) for check in CHECKS if not _clean(check)]
    with _terminated_like_ctrl_c(), tempfile.TemporaryDirectory(prefix="rollbook-test-") as name:
        code, counts = _tests(pytest_arguments, Path(name))
    for check in unclean:
        say(f"Not clean (see above): {check}")
    if counts.skipped:
        say("A skipped test counts as a failure here: this command brings all that the tests need.")
    print(counts.line(), flush=True)
    return 1 if unclean or code or counts.failed or counts.skipped else 0


def _clean(check: tuple[str, ...]) -> bool:
    """Run one check. What it says is shown only where it finds something."""
    say(f"== {' '.join(check)}")
    command = [str(environment.program(check[0])), *check[1:]]
    ran = subprocess.run(
        command, cwd=environment.ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if ran.returncode:
        say(f"{ran.stdout}{ran.stderr}".rstrip())
    return ran.returncode == 0


def _tests(arguments: list[str], folder: Path) -> tuple[int, Counts]:
    """Run pytest among its services. Gives its exit code and what it counted."""
    say("== pytest")
    report = folder / "report.xml"
    command = [
        str(environment.program("python")),
        "-m",
        "pytest",
        *_WORKERS,
        f"--junitxml={report}",
        *arguments,
    ]
    with children.none_left_behind(), contextlib.ExitStack() as services:
        database = services.enter_context(postgres.cluster(folder))
        env = {**os.environ, **services.enter_context(display.session(folder))}
        env["ROLLBOOK_TEST_POSTGRES_URL"] = database
        _compiled_once(env)
        code = _to_its_end(command, env)
    return code, Counts.read(report)


def _compiled_once(env: dict[str, str]) -> None:
    """Who wants no compiled files among the sources gets them elsewhere.

    Hundreds of processes are started: each would compile the whole program anew.
    """
    if env.pop("PYTHONDONTWRITEBYTECODE", ""):
        env["PYTHONPYCACHEPREFIX"] = str(environment.PLACE / "compiled")


def _to_its_end(command: list[str], env: Mapping[str, str]) -> int:
    """Run ``command`` at the terminal; where we are stopped, it is stopped too and waited for."""
    process = subprocess.Popen(command, cwd=environment.ROOT, env=env)
    try:
        return process.wait()
    except BaseException as stopped:
        if not isinstance(stopped, KeyboardInterrupt):  # Ctrl+C has reached it by itself
            process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOPS_WITHIN_SECONDS)
        raise
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def _terminated_like_ctrl_c() -> Iterator[None]:
    """SIGTERM and a closed terminal must end what was started just as Ctrl+C does."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    ends = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(end, stop) for end in ends]
    try:
        yield
    finally:
        for end, handler in zip(ends, before, strict=True):
            signal.signal(end, handler)
