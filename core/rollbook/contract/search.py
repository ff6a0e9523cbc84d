"""What a search over all records finds (D5)."""

import msgspec


class Found(msgspec.Struct, frozen=True):
    """A record that was found. ``label`` is what a person calls it, ``href`` its address."""

    entity: str
    id: str
    label: str
    href: str


class FoundPage(msgspec.Struct, frozen=True):
    """A page in the order of names; ``next`` is the cursor of the following one, ``None`` at the end."""

    results: list[Found]
    next: str | None = None
