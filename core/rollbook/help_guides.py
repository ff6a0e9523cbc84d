"""The guides of ``resources/help/``, as the window and the server show them (R20)."""

import re
from dataclasses import dataclass

from rollbook.resource_files import resource

GUIDES = (
    "working-offline",
    "conflicts",
    "proposals",
    "troubleshooting",
    "incidents",
    "backup-and-restore",
    "erasing-a-person",
)
"""In the order in which they are listed: staff's first."""

_TITLE = re.compile(r"^# (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Guide:
    """``text`` is Markdown without its title; links lead to other guides as ``key.md#heading``."""

    key: str
    title: str
    text: str


def guides() -> tuple[Guide, ...]:
    """All of them. Raises :class:`ResourceMissingError`."""
    return tuple(guide(key) for key in GUIDES)


def guide(key: str) -> Guide:
    """One of them. Raises ``KeyError`` where there is none such, :class:`ResourceMissingError`."""
    if key not in GUIDES:
        raise KeyError(key)
    whole = resource(f"help/{key}.md").read_text(encoding="utf-8")
    title = _TITLE.search(whole)
    assert title is not None, f"{key}.md has no title"
    return Guide(key, title.group(1), whole[title.end() :].strip())


def anchor(heading: str) -> str:
    """What a link calls a heading, as on GitHub: ``A stuck desk`` is ``a-stuck-desk``."""
    return re.sub(r"[^\w -]", "", heading.strip().lower()).replace(" ", "-")
