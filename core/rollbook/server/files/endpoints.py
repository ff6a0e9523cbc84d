"""``/api/v1/files``: chunks in and out, each under the SHA-256 of its contents (S31)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import Connection
from starlette.responses import Response

from rollbook.contract.files import CHUNK_MEDIA_TYPE, MAX_ASKED, ChunksAsked, ChunksMissing
from rollbook.domain.files import CHUNK_BYTES, hash_of, is_hash
from rollbook.domain.scope import Act
from rollbook.server.auth.endpoints import InSchool, ServerParts
from rollbook.server.database_errors import Trouble
from rollbook.server.files import chunks
from rollbook.server.files.wanted import awaited, may_write_files
from rollbook.server.openapi import described
from rollbook.server.problems import ProblemError
from rollbook.server.wire import JsonBytes, decoded, json_response

router = APIRouter(prefix="/api/v1/files", tags=["files"])


async def _raw(request: Request) -> bytes:
    return await request.body()


@router.post("/missing", **described(takes=ChunksAsked, gives="ChunksMissing"))
def missing(parts: ServerParts, caller: InSchool, body: JsonBytes) -> Response:
    """Which of these chunks the school does not have yet.

    Who may not write is told of those alone that belong to files the school waits for.
    """
    asked = decoded(body, ChunksAsked).hashes
    if len(asked) > MAX_ASKED:
        raise ProblemError("body-too-large", f"At most {MAX_ASKED} chunks may be asked for at once.")
    hashes = {each for each in asked if is_hash(each)}

    def work(connection: Connection) -> set[str]:
        wanted = hashes if may_write_files(caller) else hashes & awaited(connection, caller, hashes)
        return wanted - chunks.present(connection, caller.school_id, wanted)

    lacking = parts.database.write(work)
    unfit = {each for each in asked if not is_hash(each)} if may_write_files(caller) else set()
    return json_response(ChunksMissing([each for each in dict.fromkeys(asked) if each in lacking | unfit]))


@router.put("/chunks/{sha256}", **described(status=204))
def put(
    parts: ServerParts,
    caller: InSchool,
    sha256: str,
    content: Annotated[bytes, Depends(_raw)],
    of: Annotated[str, Query(description="The manifest of the file that it is a part of.")] = "",
) -> Response:
    """Keep a chunk; the same again changes nothing. Who may not write sends what the school waits for."""
    if not is_hash(sha256) or hash_of(content) != sha256:
        raise ProblemError("validation-failed", "The contents are not those that the address names.")
    if not 0 < len(content) <= CHUNK_BYTES:
        raise ProblemError("validation-failed", f"A chunk has 1 to {CHUNK_BYTES} bytes.")

    def work(connection: Connection) -> None:
        if not may_write_files(caller) and sha256 not in awaited(connection, caller, [of]):
            raise ProblemError("forbidden")
        if chunks.present(connection, caller.school_id, [sha256]):
            return
        kept = chunks.bytes_kept(connection, caller.school_id)
        if kept + len(content) > parts.settings.file_quota_bytes:
            raise ProblemError("file-quota-full")
        chunks.keep(connection, caller.school_id, sha256, content)

    parts.database.write(work, again_on=frozenset({Trouble.INTEGRITY}))
    return Response(status_code=204)


@router.get("/chunks/{sha256}", **described(media_type=CHUNK_MEDIA_TYPE))
def get(parts: ServerParts, caller: InSchool, sha256: str) -> Response:
    """A chunk of the caller's school; another school's is not found, whether it exists or not."""
    if not any(caller.may(Act.READ, entity) for entity, names in chunks.FILE_FIELDS.items() if names):
        raise ProblemError("forbidden")
    content = None
    if is_hash(sha256):
        content = parts.database.read(
            lambda connection: chunks.content_of(connection, caller.school_id, sha256)
        )
    if content is None:
        raise ProblemError("not-found")
    return Response(content, media_type=CHUNK_MEDIA_TYPE, headers={"X-Content-Type-Options": "nosniff"})
