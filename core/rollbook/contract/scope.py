"""Changes of a user's scope, as entries of their school's feed that are addressed to them (S23)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from rollbook.contract.feed import Change

SCOPE = "scope"
"""The name under which a change of scope stands in the feed, where an entity's name stands else."""


class ScopeChange(msgspec.Struct, frozen=True):
    """All that the user has from here on. ``version`` counts the changes of this membership.

    ``scopes`` are as :func:`rollbook.domain.scope.as_text` writes them.
    """

    version: int
    role: str
    scopes: list[list[str]]


def entry_of(user_id: str, change: ScopeChange, *, by: str, at: str) -> Change:
    """The entry of the feed."""
    values = {"role": change.role, "scopes": change.scopes}
    return Change(SCOPE, user_id, change.version, values, by=by, at=at)


def change_of(entry: Change) -> ScopeChange | None:
    """The change of scope that an entry of the feed is, ``None`` for any other or an unreadable one."""
    if entry.entity != SCOPE:
        return None
    members: Mapping[str, Any] = {"version": entry.version, **(entry.values or {})}
    try:
        return msgspec.convert(members, ScopeChange)
    except msgspec.ValidationError:
        return None
