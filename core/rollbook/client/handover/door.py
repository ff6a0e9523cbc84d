"""Where the running engine can be asked: a file in the account's folder that only its owner reads (S26)."""

from dataclasses import dataclass

DOOR = "engine-door.json"


@dataclass(frozen=True, slots=True)
class Door:
    """A Unix socket at ``path``; where the system has none, a loopback ``port`` that asks for ``token``."""

    path: str = ""
    port: int = 0
    token: str = ""
