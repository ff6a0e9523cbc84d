"""Asking which chunks of files have still to be sent (S31)."""

import msgspec

MAX_ASKED = 2_000
CHUNK_MEDIA_TYPE = "application/octet-stream"


class ChunksAsked(msgspec.Struct, frozen=True):
    """Chunks by name: the SHA-256 of their contents."""

    hashes: list[str]


class ChunksMissing(msgspec.Struct, frozen=True):
    """Those of the chunks asked for that the school does not have."""

    missing: list[str]
