"""The guides as the window shows them (R20)."""

from pathlib import PurePosixPath

from rollbook.help_guides import Guide, anchor, guides

__all__ = ["Guide", "anchor", "guides", "place_of"]


def place_of(link: str) -> tuple[str, str]:
    """The guide and the heading that a link of a guide leads to; empty: the same guide, or its beginning."""
    file, _mark, heading = link.partition("#")
    return PurePosixPath(file).stem if file.endswith(".md") else "", heading
