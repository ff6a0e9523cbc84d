"""`rollbook`: the window. Entry point only; :mod:`rollbook_desktop.bootstrap` wires it."""

import argparse
import gc
import sys
from collections.abc import Sequence
from pathlib import Path

import rollbook_desktop.bootstrap as bootstrap


def main(argv: Sequence[str] | None = None) -> int:
    """Run the window; gives the exit code."""
    parser = argparse.ArgumentParser(prog="rollbook", description="The school's roll book.")
    parser.add_argument("--data", type=Path, help="folder for what is kept on this computer")
    parser.add_argument("--server", metavar="URL", help="address of the school's server")
    parser.add_argument("--try", dest="try_it", action="store_true", help="start with a made-up school")
    options = parser.parse_args(argv)
    gc.freeze()  # what the program is made of stays: it need not be looked through again and again
    return bootstrap.run(bootstrap.Options(options.data, options.server, options.try_it))


if __name__ == "__main__":
    sys.exit(main())
