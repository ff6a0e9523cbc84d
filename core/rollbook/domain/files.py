"""Photos and files (S31): what a field holds of one, and how its contents are divided. Pure."""

import hashlib
import json
import re
from dataclasses import dataclass

CHUNK_BYTES = 256 * 1024
MAX_FILE_BYTES = 10 * 1024 * 1024
HASH_LENGTH = 64
_MANIFEST_BYTES = 16 * 1024
_VALUE = re.compile(r"([0-9a-f]{64})/([1-9][0-9]{0,9})/([a-z]+/[a-z0-9.+-]{1,40})")
_SHA256 = re.compile(r"[0-9a-f]{64}")
IMAGES = ("image/jpeg", "image/png", "image/gif", "image/webp")


class UnfitFileError(Exception):
    """A file that is not taken; the message says why, and what would be."""


@dataclass(frozen=True, slots=True)
class FileValue:
    """What a field holds of a file: the SHA-256 of its manifest, its size in bytes, its media type.

    The manifest is a chunk like the others: the list of the chunks that the file is made of.
    """

    manifest: str
    size: int
    media_type: str

    def __str__(self) -> str:
        return f"{self.manifest}/{self.size}/{self.media_type}"


def file_value(text: object) -> FileValue | None:
    """Read the value of a file's field; ``None`` for what is none, or of a type or size not taken."""
    match = _VALUE.fullmatch(text) if isinstance(text, str) else None
    if match is None or match[3] not in IMAGES or int(match[2]) > MAX_FILE_BYTES:
        return None
    return FileValue(match[1], int(match[2]), match[3])


def is_hash(text: str) -> bool:
    """Whether ``text`` names a chunk."""
    return _SHA256.fullmatch(text) is not None


def hash_of(content: bytes) -> str:
    """The name of a chunk: its SHA-256 in lower case."""
    return hashlib.sha256(content).hexdigest()


def media_type_of(content: bytes) -> str | None:
    """What the contents themselves say to be; the file's name says nothing. ``None`` for no image we take."""
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content[:6] in (b"GIF87a", b"GIF89a"):
        return "image/gif"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return None


def divided(content: bytes) -> tuple[FileValue, dict[str, bytes]]:
    """The field's value and the chunks by name, the manifest among them. Raises :class:`UnfitFileError`."""
    if not content or len(content) > MAX_FILE_BYTES:
        limit = MAX_FILE_BYTES // (1024 * 1024)
        raise UnfitFileError(f"The file has {len(content):,} bytes. Choose one of 1 byte to {limit} MB.")
    media_type = media_type_of(content)
    if media_type is None:
        raise UnfitFileError("This is no picture that can be kept. Choose a JPEG, PNG, GIF or WebP picture.")
    parts = [content[start : start + CHUNK_BYTES] for start in range(0, len(content), CHUNK_BYTES)]
    names = [hash_of(part) for part in parts]
    manifest = json.dumps(names).encode()
    value = FileValue(hash_of(manifest), len(content), media_type)
    return value, {**dict(zip(names, parts, strict=True)), value.manifest: manifest}


def chunks_named(manifest: bytes) -> list[str] | None:
    """The chunks that a manifest names, in order; ``None`` for what is no manifest."""
    if len(manifest) > _MANIFEST_BYTES:
        return None
    try:
        names = json.loads(manifest)
    except (ValueError, RecursionError):
        return None
    fine = (
        isinstance(names, list) and names and all(isinstance(each, str) and is_hash(each) for each in names)
    )
    return names if fine else None
