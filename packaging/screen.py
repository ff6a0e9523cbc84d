"""Whether there is a screen to open the window on."""

import os
import sys

HOW_TO_GET_ONE = """\
Everything is installed, but there is no screen here (neither DISPLAY nor WAYLAND_DISPLAY is set), so the
window stays closed. With a screen, this command opens Rollbook on a made-up school of 1,000 students: the
student list with its search, the record form, the status pill and the Sync centre.

To get a screen:
  - on the computer's own desktop, run this command in a terminal there;
  - from another computer: ssh -X USER@THIS-COMPUTER, then this command;
  - without any: xvfb-run -a python3 packaging/dev.py run
    (a virtual screen; `python3 packaging/dev.py setup` installs it)"""


def present() -> bool:
    """Windows and macOS have one; elsewhere the session says so in its environment."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
