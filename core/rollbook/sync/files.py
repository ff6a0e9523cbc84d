"""Sends the chunks of photos and files before the entries that name them (S31)."""

from collections.abc import Sequence

import msgspec

from rollbook.api.client import ApiClient
from rollbook.contract.operations import Operation, Outcome, Result
from rollbook.contract.problems import Problem, problem
from rollbook.domain import checkpoints
from rollbook.domain.files import FileValue, chunks_named, hash_of
from rollbook.resilience.failures import CallFailedError, FailureKind
from rollbook.store import files
from rollbook.store.database import StoreDatabase
from rollbook.store.lease import Leased

_OPERATION = msgspec.json.Decoder(Operation)


class FileSender:
    """Chunks on their way to the school and back. What was sent before a cut is not sent again."""

    def __init__(self, store: StoreDatabase, api: ApiClient, cache_bytes: int) -> None:
        self._store = store
        self._api = api
        self._cache_bytes = cache_bytes

    async def send(self, leased: Sequence[Leased]) -> list[Result]:
        """Send what the school lacks of the files that entries name; refusals, by entry.

        Raises :class:`CallFailedError` for a failure of the system: none of the entries has been sent.
        """
        refused = []
        for each in leased:
            try:
                for value in _files_of(each):
                    await self._send(value)
            except CallFailedError as failure:
                if failure.kind is not FailureKind.CLIENT or failure.code == "not-signed-in":
                    raise
                cause = failure.problem if isinstance(failure.problem, Problem) else problem("file-missing")
                refused.append(Result(op_id=each.op_id, outcome=Outcome.REJECTED, problem=cause))
        return refused

    async def fetch(self, value: FileValue) -> bytes:
        """The contents of a file, kept here from now on. Raises :class:`CallFailedError`."""
        with self._store.read() as connection:
            here = files.parts_here(connection, value)
        manifest = here[value.manifest] or await self._fetch(value.manifest)
        names = chunks_named(manifest)
        if names is None:
            raise _damaged()
        parts = {name: here.get(name) or await self._fetch(name) for name in dict.fromkeys(names)}
        content = b"".join(parts[name] for name in names)
        if len(content) != value.size:
            raise _damaged()
        with self._store.write() as connection:
            files.keep(connection, {value.manifest: manifest, **parts})
            files.trim(connection, self._cache_bytes)
        return content

    async def _send(self, value: FileValue) -> None:
        with self._store.read() as connection:
            names = list(files.parts_here(connection, value))
        for name in await self._api.missing_chunks(names):
            with self._store.read() as connection:
                content = files.chunk(connection, name)
            if content is not None:
                await self._api.put_chunk(name, content)
                checkpoints.passed("client.files.chunk_sent")

    async def _fetch(self, sha256: str) -> bytes:
        content = await self._api.get_chunk(sha256)
        if hash_of(content) != sha256:
            raise _damaged()
        return content


def _files_of(each: Leased) -> list[FileValue]:
    names = files.FILE_FIELDS.get(each.entity, ())
    if not any(name.encode() in each.frozen for name in names):
        return []
    return files.files_of(each.entity, _OPERATION.decode(each.frozen))


def _damaged() -> CallFailedError:
    return CallFailedError(
        FailureKind.TRANSIENT, "unreadable-answer", "The file came in another form than it was sent."
    )
