"""Signing in and what the server says of itself."""

import msgspec


class SignIn(msgspec.Struct, frozen=True):
    """``device`` is the id of this computer's installation of Rollbook."""

    name: str
    password: str
    device: str = ""


class Refresh(msgspec.Struct, frozen=True):
    """Ask for a new pair; the refresh token is used up by it."""

    refresh_token: str


class Membership(msgspec.Struct, frozen=True):
    """What the user is in one school."""

    school_id: str
    school_name: str
    role: str


class Session(msgspec.Struct, frozen=True):
    """A signed-in session; ``expires_in`` is the life of the access token in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int
    user_id: str
    user_name: str
    memberships: tuple[Membership, ...]


class ServerInfo(msgspec.Struct, frozen=True):
    """``GET /api/v1/server``: which installation this is (S10), what it speaks, and its version."""

    installation: str
    protocol: int
    version: str
    name: str = "Rollbook"
