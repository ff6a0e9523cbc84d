"""The story of a request, from the log files of all workers (R17)."""

import json
import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

MAX_BYTES_READ = 128 * 1024 * 1024
MAX_LINES_READ = 20_000


@dataclass(slots=True)
class Story:
    """The lines of some requests, actions or entries, oldest first.

    ``complete`` is false where older files were left unread, so that a search never takes for ever.
    """

    lines: list[dict[str, Any]] = field(default_factory=list)
    complete: bool = True


def find_story(folder: Path, wanted: Collection[str], most_bytes: int = MAX_BYTES_READ) -> Story:
    """Look for ``wanted``, ids of requests, actions or entries, in the newest files first."""
    story, left = Story(), most_bytes
    named = re.compile(b"|".join(re.escape(each.encode()) for each in wanted))
    for content, size in _newest_first(folder):
        if left <= 0 or len(story.lines) > MAX_LINES_READ:
            story.complete = False
            break
        # A file that is too long is read from its end: the newest lines are the wanted ones.
        content.seek(max(0, size - left))
        story.lines += [line for line in _lines_with(content, named) if _is_of(line, wanted)]
        left -= size
    story.lines.sort(key=lambda line: str(line.get("at", "")))
    story.complete = story.complete and left >= 0 and len(story.lines) <= MAX_LINES_READ
    del story.lines[:-MAX_LINES_READ]
    return story


def _is_of(line: dict[str, Any], wanted: Collection[str]) -> bool:
    carried = line.get("op_ids")
    return (
        line.get("request_id") in wanted
        or line.get("action_id") in wanted
        or (isinstance(carried, list) and any(op_id in wanted for op_id in carried))
    )


def _newest_first(folder: Path) -> Iterator[tuple[BinaryIO, int]]:
    """Each file, open, with its size; what is rotated meanwhile is read once, and not left out.

    A file is known by its number, as rotation gives it another name: the second look finds what had its new
    name only after the first.
    """
    seen: set[tuple[int, int]] = set()
    for _look in range(2):
        for file in sorted(folder.glob("server-*.log*"), key=_changed_at, reverse=True):
            try:
                content = file.open("rb")
            except OSError:
                continue  # rotated away meanwhile
            with content:
                about = os.fstat(content.fileno())
                if (about.st_dev, about.st_ino) not in seen:
                    seen.add((about.st_dev, about.st_ino))
                    yield content, about.st_size


def _lines_with(content: BinaryIO, named: "re.Pattern[bytes]") -> Iterator[dict[str, Any]]:
    for raw in content:
        if named.search(raw):
            yield from _read(raw)


def _read(raw: bytes) -> Iterator[dict[str, Any]]:
    try:
        line = json.loads(raw)
    except ValueError:
        return
    if isinstance(line, dict):
        yield line


def _changed_at(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0
