"""The server's own mark on each version of a record, by which it knows its versions again (S22)."""

import hmac
from dataclasses import dataclass, field
from functools import lru_cache

import msgspec

from rollbook.contract.feed import Change
from rollbook.server.sync.decide import RecordState

_PURPOSE = b"rollbook: seal of a version"
_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals versions of one school. ``secret`` is the installation's, which a backup holds too."""

    school_id: str
    secret: bytes = field(repr=False)

    def seal_of(self, change: Change) -> str:
        """The seal of ``change``: over all that it is, but for the name and the time, which are only shown.

        The same operation on the same version gives the same seal, so that what was given back as an
        operation and what was given back as a version are one and the same.
        """
        values = {name: value for name, value in (change.values or {}).items() if value is not None}
        content = (
            self.school_id,
            change.entity,
            change.id,
            change.version,
            change.after,
            change.op_id,
            change.owner,
            change.deleted,
            sorted(values.items()),
        )
        return hmac.digest(_key_of(self.secret), msgspec.json.encode(content), "sha256").hex()[:_LENGTH]

    def seal_at(self, entity: str, record_id: str, state: RecordState | None) -> str:
        """The seal of the version that a record is at; of one from before there were seals, by its values."""
        if state is None:
            return ""
        if state.seal:
            return state.seal
        return self.seal_of(Change(entity, record_id, state.version, dict(state.values), state.deleted))

    def is_ours(self, change: Change) -> bool:
        """Whether this installation made that very version."""
        return hmac.compare_digest(self.seal_of(change).encode(), change.seal.encode())


@lru_cache(maxsize=8)
def _key_of(secret: bytes) -> bytes:
    return hmac.digest(secret, _PURPOSE, "sha256")
