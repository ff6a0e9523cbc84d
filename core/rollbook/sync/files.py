"""Sends the chunks of photos and files before the entries that name them (S31)."""

from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec

from rollbook.api.client import ApiClient
from rollbook.contract.files import MAX_ASKED
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
                if _is_the_systems(failure):
                    raise
                cause = failure.problem if isinstance(failure.problem, Problem) else problem("file-missing")
                refused.append(Result(op_id=each.op_id, outcome=Outcome.REJECTED, problem=cause))
        return refused

    async def give_back(self) -> None:
        """Bring a school that was put back what it lacks of the files that are named and kept here (S22).

        A file that it does not take stays here as it is. Raises :class:`CallFailedError`.
        """
        with self._store.read() as connection:
            parts = {value: set(files.names_of(connection, value)) for value in files.kept(connection)}
        for some in _portions(parts):
            names = sorted(set().union(*(parts[value] for value in some)))
            lacking = set(await self._api.missing_chunks(names))
            for value in some:
                if lacking & parts[value]:
                    await self._send_if_taken(value)

    async def _send_if_taken(self, value: FileValue) -> None:
        try:
            await self._send(value)
        except CallFailedError as failure:
            if _is_the_systems(failure):
                raise

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
            names = files.names_of(connection, value)
        lacking = await self._api.missing_chunks(names)
        await self._put(lacking, value)
        if lacking == [value.manifest]:
            # Who may not write is told of the other chunks once the school can read which they are.
            await self._put(await self._api.missing_chunks(names), value)

    async def _put(self, names: Sequence[str], value: FileValue) -> None:
        for name in names:
            with self._store.read() as connection:
                content = files.chunk(connection, name)
            if content is not None:
                await self._api.put_chunk(name, content, value.manifest)
                checkpoints.passed("client.files.chunk_sent")

    async def _fetch(self, sha256: str) -> bytes:
        content = await self._api.get_chunk(sha256)
        if hash_of(content) != sha256:
            raise _damaged()
        return content


def _portions(parts: Mapping[FileValue, Collection[str]]) -> Iterator[list[FileValue]]:
    """Files whose chunks can be asked for at once."""
    some: list[FileValue] = []
    size = 0
    for value, names in parts.items():
        if some and size + len(names) > MAX_ASKED:
            yield some
            some, size = [], 0
        some.append(value)
        size += len(names)
    if some:
        yield some


def _is_the_systems(failure: CallFailedError) -> bool:
    """Whether it says nothing of the file itself."""
    return failure.kind is not FailureKind.CLIENT or failure.code == "not-signed-in"


def _files_of(each: Leased) -> list[FileValue]:
    names = files.FILE_FIELDS.get(each.entity, ())
    if not any(name.encode() in each.frozen for name in names):
        return []
    return files.files_of(each.entity, _OPERATION.decode(each.frozen))


def _damaged() -> CallFailedError:
    return CallFailedError(
        FailureKind.TRANSIENT, "unreadable-answer", "The file came in another form than it was sent."
    )
