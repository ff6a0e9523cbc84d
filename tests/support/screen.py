"""A person at the screen: presses real keys, and reads through the accessibility bus what is shown."""

import contextlib
import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any, Self

READER = Path(__file__).with_name("screen_reader.py")
DEBIAN_PYTHON = "/usr/bin/python3"
LOOK_EVERY_SECONDS = 0.05


class NotSeenError(AssertionError):
    """What was expected did not appear in time; the message says what was seen instead."""


class Screen:
    """One application, by its name on the accessibility bus. Needs a display, a bus and a window manager."""

    def __init__(self, application: str) -> None:
        self._application = application
        self._reader = subprocess.Popen(
            [DEBIAN_PYTHON, "-W", "ignore", str(READER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_what: object) -> None:
        for stream in (self._reader.stdin, self._reader.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        self._reader.terminate()
        self._reader.wait(10)

    def look(self, widget: str) -> dict[str, Any] | None:
        """The showing widget of that accessible id."""
        return self._ask({"id": widget})

    def cell(self, table: str, row: int, column: int) -> str | None:
        """The text of a cell."""
        return self._ask({"table": table, "row": row, "column": column})

    def press(self, *keys: str) -> None:
        """Press keys, by the names of X: ``ctrl+f``, ``Down``, ``Return``."""
        for key in keys:
            subprocess.run(["xdotool", "key", "--clearmodifiers", key], check=True)

    def type(self, text: str) -> None:
        """Type ``text`` where the cursor is."""
        subprocess.run(["xdotool", "type", "--clearmodifiers", "--delay", "12", text], check=True)

    def wait_for(self, widget: str, pattern: str, seconds: float = 5.0) -> float:
        """Wait until the widget's name or text matches; gives the seconds that it took."""
        begun = time.monotonic()
        seen: dict[str, Any] | None = None
        while (spent := time.monotonic() - begun) < seconds:
            seen = self.look(widget)
            if seen and any(re.search(pattern, seen[key] or "") for key in ("name", "text")):
                return spent
            time.sleep(LOOK_EVERY_SECONDS)
        raise NotSeenError(f"{widget} did not show /{pattern}/ within {seconds} s; last seen: {seen}")

    def wait_for_cell(self, table: str, row: int, column: int, text: str, seconds: float = 5.0) -> None:
        """Wait until a cell holds exactly ``text``."""
        end = time.monotonic() + seconds
        while (seen := self.cell(table, row, column)) != text:
            if time.monotonic() > end:
                raise NotSeenError(f"{table}[{row}, {column}] did not show {text!r}; last seen: {seen!r}")
            time.sleep(LOOK_EVERY_SECONDS)

    def wait_until_focused(self, widget: str, seconds: float = 5.0) -> None:
        """Wait until the keyboard goes to the widget."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            seen = self.look(widget)
            if seen and "focused" in seen["states"]:
                return
            time.sleep(LOOK_EVERY_SECONDS)
        raise NotSeenError(f"{widget} did not get the focus within {seconds} s")

    def _ask(self, question: dict[str, Any]) -> Any:
        assert self._reader.stdin is not None
        assert self._reader.stdout is not None
        self._reader.stdin.write(json.dumps({"app": self._application, **question}) + "\n")
        self._reader.stdin.flush()
        line = self._reader.stdout.readline()
        assert line, "the screen reader ended; its last words are in the captured standard error"
        return json.loads(line)
