"""Runs a school's server as a child that ends when its parent does, however the parent ends.

Started as a program of its own. The parent holds the other end of standard input: when that closes, the
parent is gone.
"""

import os
import runpy
import signal
import sys
import threading
import time

GRACE_SECONDS = 5.0


def _end_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    signal.raise_signal(signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(1)


def main() -> None:
    """Take the server's own arguments."""
    threading.Thread(target=_end_with_parent, name="rollbook-parent-watch", daemon=True).start()
    sys.argv[0] = "rollbook-server"
    runpy.run_module("rollbook.server", run_name="__main__")


if __name__ == "__main__":
    main()
