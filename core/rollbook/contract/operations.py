"""Operations and their results, as bytes on the wire (S2, S7, S8)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from rollbook.contract.problems import Problem

MAX_FENCE = 2**53
"""The most that a count of given-up answers goes to; it stays there."""
MAX_BATCH = 500
MAX_BODY_BYTES = 8 * 1024 * 1024


class Kind(StrEnum):
    """What an operation does to its record."""

    CREATE = "create"
    UPDATE = "update"
    ARCHIVE = "archive"
    ALIAS = "alias"


class FieldChange(msgspec.Struct, frozen=True):
    """What the person saw (``had``) and what they entered (``value``), both canonical."""

    had: Any
    value: Any


class Operation(msgspec.Struct, frozen=True, omit_defaults=True):
    """One saved entry. ``op_id`` is also its idempotency key; the bytes are frozen at the first lease (S3).

    ``base_version`` is the version that the person saw, ``None`` for a create; ``base_seal`` is its seal,
    empty where this computer does not know it: it tells a version from another of the same number, made after
    the server was put back (S22). ``strict`` asks that nothing at all has changed since (``If-Match``),
    instead of the merge by field (S8). ``alias`` is the id of a record that was never sent, which the kind of
    that name says to be this one (S16, D4).
    """

    op_id: str
    kind: Kind
    entity: str
    entity_id: str
    changes: dict[str, FieldChange] = {}
    base_version: int | None = None
    payload_version: int = 1
    device: str = ""
    sequence: int = 0
    lanes: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    replaces: str | None = None
    strict: bool = False
    base_seal: str = ""
    alias: str | None = None


class PushRequest(msgspec.Struct, frozen=True):
    """Up to :data:`MAX_BATCH` operations; each kept as the bytes it came in, for the receipt's digest.

    ``again`` names those that were sent before without an answer, each with the position in the feed that
    its sender knew then: where receipts go back no further than that, nobody can tell whether it was applied.
    """

    operations: list[msgspec.Raw]
    again: dict[str, int] = {}


class Outcome(StrEnum):
    """What became of one operation (S8)."""

    APPLIED = "applied"
    MERGED = "merged"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    REJECTED = "rejected"
    FAILED = "failed"
    HELD = "held"


class Conflict(msgspec.Struct, frozen=True):
    """What the server has where the operation wanted to write: for S14, with who and when."""

    fields: dict[str, Any] = {}
    version: int | None = None
    deleted: bool = False
    changed_by: str | None = None
    changed_at: str | None = None


NO_RECORD = msgspec.Raw(b"null")
"""No record goes with a result; a raw value cannot be optional, so it is the JSON null."""


class Result(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer for one operation.

    ``record`` is the record after the operation as the server has it: an encoded ``contract.feed.Change``.
    ``merged_fields`` names fields that others had changed meanwhile (S13). ``held_by`` is an operation id.
    """

    op_id: str
    outcome: Outcome
    version: int | None = None
    record: msgspec.Raw = NO_RECORD
    merged_fields: tuple[str, ...] = ()
    conflict: Conflict | None = None
    problem: Problem | None = None
    held_by: str | None = None


class PushResponse(msgspec.Struct, frozen=True):
    """One result for each operation, in the order of the request.

    ``known`` is a row of the feed at or behind all that these results tell, as a cursor: the sender shows it
    later, so that a server that was put back is noticed (S22).
    """

    results: list[Result]
    known: str = ""


class ReceiptsRequest(msgspec.Struct, frozen=True):
    """Ask what became of operations whose outcome is unknown (S7); ``again`` as in :class:`PushRequest`."""

    op_ids: list[str]
    again: dict[str, int] = {}


class ReceiptsResponse(msgspec.Struct, frozen=True):
    """The receipts that exist, as results with outcome ``duplicate``; an id not named was never applied.

    Those of ``too_old`` have none, and were sent so long ago that it may have been let go: nobody knows (S7).
    Those of ``proposed`` are or were with the registrar, who decides or has decided (S23).
    """

    results: list[Result]
    too_old: list[str] = []
    proposed: list[str] = []


def operation_bytes(operation: Operation) -> bytes:
    """The bytes of an operation, made once and frozen (S3)."""
    return msgspec.json.encode(operation)


def push_body(frozen: list[bytes], again: Mapping[str, int] | None = None) -> bytes:
    """The body of a push from the frozen bytes of its operations, passed on as they are."""
    tail = b',"again":' + msgspec.json.encode(again) if again else b""
    return b'{"operations":[' + b",".join(frozen) + b"]" + tail + b"}"
