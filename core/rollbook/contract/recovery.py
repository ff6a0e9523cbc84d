"""What a computer and a server that was put back to an earlier state say to each other (S22)."""

from enum import StrEnum

import msgspec

from rollbook.contract.feed import Change
from rollbook.contract.operations import NO_RECORD

MAX_NAMED = 2_000
MAX_OFFERED = 200


class VersionName(msgspec.Struct, frozen=True, array_like=True):
    """Which version of which record."""

    entity: str
    id: str
    version: int
    seal: str


class MissingRequest(msgspec.Struct, frozen=True):
    """Ask which of these versions the server has lost.

    ``lost`` is the row of the feed, as a cursor, by which its being put back was noticed.
    """

    versions: list[VersionName] = []
    lost: str = ""


class MissingResponse(msgspec.Struct, frozen=True):
    """The seals of those that it does not have; ``head`` is the last row of its feed now, as a cursor."""

    missing: list[str]
    head: str


class Offer(msgspec.Struct, frozen=True):
    """A version given back, with its seal.

    ``before`` is the seal of the nearest earlier version of the record that the computer knows. ``operation``
    is the bytes of the operation that made it, where it is the sender's own; the JSON null else.
    """

    change: Change
    before: str = ""
    operation: msgspec.Raw = NO_RECORD


class OfferRequest(msgspec.Struct, frozen=True):
    """Up to :data:`MAX_OFFERED` versions, those of one record in the order of their numbers."""

    offers: list[Offer]


class Given(StrEnum):
    """What became of a version that was given back."""

    TAKEN = "taken"  # the server has it again
    KNOWN = "known"  # it has it already, or has done its operation anew
    HELD = "held"  # kept at the server until the version before it comes; ask again
    APART = "apart"  # the record went another way meanwhile: send your operation as if it were new (S13)
    DECIDE = "decide"  # the same, of somebody else's: enter it here, so that a person is asked
    LEFT = "left"  # kept at the server; another computer asks for it
    REFUSED = "refused"  # this server never made such a version


class OfferResult(msgspec.Struct, frozen=True):
    """What became of one version.

    ``built_on``: the server has the version right before it, so it had all that this one holds but its own
    edit.
    """

    seal: str
    given: Given
    built_on: bool = False


class OfferResponse(msgspec.Struct, frozen=True):
    """One result for each offer, in their order; ``known`` is the last row of the feed, as a cursor."""

    results: list[OfferResult]
    known: str


class HeldVersion(msgspec.Struct, frozen=True):
    """A version that waits. ``state``: held (for the one before it), apart (the record went another way),
    with_owner or decided (a person is asked at a computer). ``label`` is what people call the record."""

    entity: str
    entity_id: str
    version: int
    state: str
    made_by: str
    given_back_by: str
    device: str
    label: str = ""


class GaveBack(msgspec.Struct, frozen=True):
    """How many versions came back by whom."""

    user: str
    device: str
    versions: int


class RecoveryView(msgspec.Struct, frozen=True):
    """A recovery as the administrator sees it. Times are ISO 8601 in UTC."""

    id: str
    begun_at: str
    begun_by: str
    ended_at: str | None
    ended_by: str | None
    gave_back: list[GaveBack]
    waiting: list[HeldVersion]


class PutBack(msgspec.Struct, frozen=True):
    """A backup was put back, and no computer has noticed since that anything was lost.

    ``came`` is how many computers have come since all the same: they miss nothing.
    """

    at: str
    came: int


class RecoveryAnswer(msgspec.Struct, frozen=True):
    """The latest recovery of the school, ``None`` where there never was one.

    With ``put_back``, a backup was put back since, so the recovery is of an earlier time.
    """

    recovery: RecoveryView | None
    put_back: PutBack | None = None
