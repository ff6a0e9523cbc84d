"""What Debian must have installed for each of the developer's commands, and installing what is missing."""

import importlib.util
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterable

from saying import GivingUpError, say

# Without ensurepip (Debian ships it apart from Python) no virtual environment can be made.
ENVIRONMENT = ("ca-certificates", "python3-venv")

# What the Qt in PySide6 links to (`ldd` on its libraries and on its xcb, wayland and offscreen platforms).
QT = (
    "libdbus-1-3",
    "libegl1",
    "libfontconfig1",
    "libfreetype6",
    "libgl1",
    "libglib2.0-0",
    "libgssapi-krb5-2",
    "libopengl0",
    "libwayland-cursor0",
    "libwayland-egl1",
    "libx11-xcb1",
    "libxcb-cursor0",
    "libxcb-glx0",
    "libxcb-icccm4",
    "libxcb-image0",
    "libxcb-keysyms1",
    "libxcb-randr0",
    "libxcb-render-util0",
    "libxcb-shape0",
    "libxcb-shm0",
    "libxcb-sync1",
    "libxcb-xfixes0",
    "libxcb-xinerama0",
    "libxcb-xkb1",
    "libxkbcommon-x11-0",
    "libxkbcommon0",
)

# Names are shown in the scripts that people write them in.
FONTS = ("fonts-dejavu-core", "fonts-noto-cjk", "fonts-noto-core")

WINDOW_TESTS = (
    "at-spi2-core",
    "dbus",
    "gir1.2-atspi-2.0",
    "openbox",
    "python3-gi",
    "scrot",
    "xauth",
    "xdotool",
    "xvfb",
)

DATABASE_TESTS = ("postgresql",)

# For its promtool, which judges the alert rules.
MONITORING_TESTS = ("prometheus",)

WINDOW = ENVIRONMENT + QT + FONTS
EVERYTHING = WINDOW + WINDOW_TESTS + DATABASE_TESTS + MONITORING_TESTS


def bring(packages: Iterable[str]) -> None:
    """Install those of ``packages`` that this Debian lacks; on another system do nothing.

    Raises :class:`GivingUpError` with the exact command where this user may not install.
    """
    if shutil.which("dpkg-query") is None:
        return
    lacking = missing(packages)
    if not lacking:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise GivingUpError(
            "Debian packages are missing. Install them, then run this again:\n  "
            + "sudo apt-get update && "
            + shlex.join(["sudo", "apt-get", "install", "--no-install-recommends", *lacking])
        )
    say(f"Installing {len(lacking)} Debian packages: {' '.join(lacking)}")
    _apt_get("update")
    _apt_get("install", "--yes", "--no-install-recommends", *lacking)


def missing(packages: Iterable[str]) -> list[str]:
    """Those of ``packages`` that are neither installed nor provided by a package that is."""
    there = _installed()
    return [name for name in packages if name not in there and not _met_otherwise(name)]


def _met_otherwise(package: str) -> bool:
    """A Python that did not come from Debian brings ensurepip itself."""
    return package == "python3-venv" and importlib.util.find_spec("ensurepip") is not None


def _installed() -> set[str]:
    """Names of the packages installed, with what they provide (``libglib2.0-0t64`` is ``libglib2.0-0``)."""
    listing = subprocess.run(
        ["dpkg-query", "--show", "--showformat", r"${db:Status-Abbrev}\t${Package}, ${Provides}\n"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    names: set[str] = set()
    for line in listing.splitlines():
        status, _, provided = line.partition("\t")
        if status.startswith("ii"):
            names.update(entry.split()[0] for entry in provided.split(",") if entry.strip())
    return names


def _apt_get(*arguments: str) -> None:
    command = ["apt-get", "--quiet", *arguments]
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    ran = subprocess.run(
        command,
        env=quiet,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if ran.returncode:
        raise GivingUpError(f"This failed:\n  {shlex.join(command)}\n{ran.stdout}")
