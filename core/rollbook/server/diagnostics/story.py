"""The story of a request, from the log files of all workers (R17)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MAX_BYTES_READ = 128 * 1024 * 1024
MAX_LINES_TOLD = 500


@dataclass(slots=True)
class Story:
    """The lines of one request or action, oldest first.

    ``complete`` is false where older files were left unread, so that a search never takes for ever.
    """

    lines: list[dict[str, Any]] = field(default_factory=list)
    complete: bool = True


def find_story(folder: Path, wanted: str, most_bytes: int = MAX_BYTES_READ) -> Story:
    """Look for ``wanted``, a request's or an action's id, in the newest files first."""
    story = Story()
    left = most_bytes
    for file in _newest_first(folder):
        if left <= 0 or len(story.lines) >= MAX_LINES_TOLD:
            story.complete = False
            break
        for line in _lines_with(file, wanted.encode(), left):
            if wanted in (line.get("request_id"), line.get("action_id")):
                story.lines.append(line)
        left -= _size(file)
    story.lines.sort(key=lambda line: str(line.get("at", "")))
    story.complete = story.complete and left >= 0 and len(story.lines) <= MAX_LINES_TOLD
    del story.lines[MAX_LINES_TOLD:]
    return story


def _newest_first(folder: Path) -> list[Path]:
    files = [file for file in folder.glob("server-*.log*") if file.is_file()]
    return sorted(files, key=_changed_at, reverse=True)


def _lines_with(file: Path, wanted: bytes, most_bytes: int) -> Iterator[dict[str, Any]]:
    try:
        with file.open("rb") as content:
            # A file that is too long is read from its end: the newest lines are the wanted ones.
            content.seek(max(0, _size(file) - most_bytes))
            for raw in content:
                if wanted in raw:
                    yield from _read(raw)
    except OSError:
        return  # rotated away meanwhile


def _read(raw: bytes) -> Iterator[dict[str, Any]]:
    try:
        line = json.loads(raw)
    except ValueError:
        return
    if isinstance(line, dict):
        yield line


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _changed_at(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0
