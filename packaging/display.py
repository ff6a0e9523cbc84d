"""A virtual screen with a session bus, accessibility and a window manager, for the tests of real windows."""

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import children
from saying import GivingUpError

_READY_WITHIN_SECONDS = 30.0
_SIZE = "1280x800x24"
_ACCESSIBILITY = ("/usr/libexec/at-spi-bus-launcher", "/usr/lib/at-spi2-core/at-spi-bus-launcher")
_LET_SETTLE_SECONDS = 0.5


@contextlib.contextmanager
def session(folder: Path) -> Iterator[dict[str, str]]:
    """Start all of it with its files below ``folder``; give the environment that programs in it need.

    Raises :class:`GivingUpError` where a part is not installed or does not start.
    """
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700)
    said = {"XDG_RUNTIME_DIR": str(runtime), "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1", "QT_ACCESSIBILITY": "1"}
    said |= {"NO_AT_BRIDGE": "0", "ROLLBOOK_TEST_DISPLAY": "1", "XDG_SESSION_TYPE": "x11"}
    outside = {k: v for k, v in os.environ.items() if k not in ("WAYLAND_DISPLAY", "AT_SPI_BUS_ADDRESS")}
    with contextlib.ExitStack() as started:
        said["DISPLAY"] = started.enter_context(_x_server(folder))
        said["DBUS_SESSION_BUS_ADDRESS"] = started.enter_context(_bus(folder, outside | said))
        for name, command in (("openbox", [_found("openbox")]), ("at-spi", _accessibility())):
            log = folder / f"{name}.log"
            started.enter_context(children.running(command, log, env=outside | said))
        time.sleep(_LET_SETTLE_SECONDS)  # neither says when it is ready; programs wait for the bus themselves
        yield said


@contextlib.contextmanager
def _x_server(folder: Path) -> Iterator[str]:
    """Gives the display's name. The server itself picks a free number and says it."""
    command = [_found("Xvfb"), "-screen", "0", _SIZE, "-nolisten", "tcp", "-displayfd", "{said}"]
    with _started_and_said(command, folder / "xvfb.log", None) as number:
        yield f":{number}"


@contextlib.contextmanager
def _bus(folder: Path, env: dict[str, str]) -> Iterator[str]:
    """Gives the address of a new session bus."""
    command = [_found("dbus-daemon"), "--session", "--nofork", "--nopidfile", "--print-address={said}"]
    with _started_and_said(command, folder / "dbus.log", env) as address:
        yield address


@contextlib.contextmanager
def _started_and_said(command: list[str], log: Path, env: dict[str, str] | None) -> Iterator[str]:
    """Start ``command`` with a descriptor in place of ``{said}``, and give the line that it writes there."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as said:
        os.set_blocking(reading, False)
        lines: list[bytes] = []

        def has_spoken() -> bool:
            lines.append(said.read() or b"")
            return b"".join(lines).endswith(b"\n")

        whole = [word.format(said=writing) for word in command]
        try:
            with children.running(whole, log, env=env, hand_on=(writing,)) as process:
                children.wait_until(has_spoken, process, log, _READY_WITHIN_SECONDS)
                yield b"".join(lines).decode().strip()
        finally:
            os.close(writing)


def _accessibility() -> list[str]:
    for path in _ACCESSIBILITY:
        if os.access(path, os.X_OK):
            return [path, "--launch-immediately"]
    raise GivingUpError("The tests need at-spi-bus-launcher (Debian's at-spi2-core).")


def _found(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise GivingUpError(f"The tests of real windows need {name} on PATH.")
    return path
