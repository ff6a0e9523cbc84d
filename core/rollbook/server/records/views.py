"""How a record looks to one who calls the API record by record."""

from typing import Any

import msgspec


class RecordView(msgspec.Struct, frozen=True):
    """A record with its traces. ``deleted_at`` is set where it is archived."""

    id: str
    version: int
    values: dict[str, Any]
    created_at: str
    created_by: str
    updated_at: str
    updated_by: str
    deleted_at: str | None = None


class NewRecord(msgspec.Struct, frozen=True):
    """A record to be made. ``id`` may be given; else it is made from the idempotency key."""

    values: dict[str, Any]
    id: str | None = None


class RecordChange(msgspec.Struct, frozen=True):
    """New values; without ``If-Match`` also what was seen: values in ``had``, and ``base_version`` (S13)."""

    values: dict[str, Any]
    had: dict[str, Any] | None = None
    base_version: int | None = None


class HistoryEntry(msgspec.Struct, frozen=True):
    """One version: each changed field with what it was and what it became.

    ``recovered_by`` names whose computer gave it back after the server was put back to an earlier state.
    ``merged_fields`` are those that others had changed since the author saw the record (S13).
    """

    version: int
    kind: str
    changes: dict[str, tuple[Any, Any]]
    by: str
    at: str
    device: str
    request_id: str
    op_id: str
    recovered_by: str | None = None
    merged_fields: tuple[str, ...] = ()


class HistoryPage(msgspec.Struct, frozen=True):
    """A page of versions, oldest first; ``next`` is the cursor of the following one, ``None`` at the end."""

    entries: list[HistoryEntry]
    next: str | None = None
