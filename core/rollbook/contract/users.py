"""The users of a school as its administrator sees them."""

import msgspec


class MemberView(msgspec.Struct, frozen=True):
    """A user, and what they are in the school. ``disabled_at`` is set where the account is closed."""

    id: str
    name: str
    role: str
    created_at: str
    disabled_at: str | None


class UsersPage(msgspec.Struct, frozen=True):
    """A page in the order of ids; ``next`` is the cursor of the following one, ``None`` at the end."""

    users: list[MemberView]
    next: str | None = None
