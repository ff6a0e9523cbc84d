"""Chunks of photos and files on this computer: what waits to be sent, and what was fetched (S31)."""

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from rollbook.contract.operations import Operation
from rollbook.domain.entity import FieldType
from rollbook.domain.files import FileValue, chunks_named, file_value
from rollbook.domain.registry import ENTITIES
from rollbook.store.states import SHOWN, State
from rollbook.store.tables import FILE_CHUNK, KNOWN_VERSION, OPERATION, REPLICA

FILE_FIELDS: dict[str, tuple[str, ...]] = {
    entity.name: tuple(spec.name for spec in entity.fields if spec.type is FieldType.FILE)
    for entity in ENTITIES.values()
}

_MARK = "/image/"
_NAMING = (*SHOWN, State.APPLIED)


def keep(connection: Connection, chunks: Mapping[str, bytes]) -> None:
    """Keep chunks by their names, in the caller's transaction."""
    number = connection.execute(select(func.coalesce(func.max(FILE_CHUNK.c.used), 0))).scalar_one() + 1
    for sha256, content in chunks.items():
        row = insert(FILE_CHUNK).values(sha256=sha256, content=content, used=number)
        connection.execute(row.on_conflict_do_update(index_elements=["sha256"], set_={"used": number}))


def chunk(connection: Connection, sha256: str) -> bytes | None:
    """A chunk that is here, or ``None``."""
    return connection.execute(select(FILE_CHUNK.c.content).where(FILE_CHUNK.c.sha256 == sha256)).scalar()


def names_of(connection: Connection, value: FileValue) -> list[str]:
    """The names of a file's chunks, the manifest's first; the others only where the manifest is here."""
    manifest = chunk(connection, value.manifest) or b""
    return [value.manifest, *dict.fromkeys(chunks_named(manifest) or ())]


def parts_here(connection: Connection, value: FileValue) -> dict[str, bytes | None]:
    """The chunks of a file by name, the manifest first; ``None`` for one that is not here."""
    return {name: chunk(connection, name) for name in names_of(connection, value)}


def whole(connection: Connection, value: FileValue) -> bytes | None:
    """The contents of a file all of which is here, else ``None``."""
    names = chunks_named(chunk(connection, value.manifest) or b"")
    found = None if names is None else [chunk(connection, name) for name in names]
    return None if found is None or None in found else b"".join(part for part in found if part)


def files_of(entity: str, operation: Operation) -> list[FileValue]:
    """The files that an operation enters."""
    entered = [
        operation.changes[name].value for name in FILE_FIELDS.get(entity, ()) if name in operation.changes
    ]
    return [value for value in map(file_value, entered) if value is not None]


def trim(connection: Connection, most_bytes: int) -> None:
    """Forget what was used longest ago beyond ``most_bytes``, but for what entries name.

    Those that the school has acknowledged too: it may be put back to before them (S22).
    """
    size = connection.execute(select(func.coalesce(func.sum(func.length(FILE_CHUNK.c.content)), 0)))
    over = size.scalar_one() - most_bytes
    if over <= 0:
        return
    needed = _needed(connection)
    rows = connection.execute(
        select(FILE_CHUNK.c.sha256, func.length(FILE_CHUNK.c.content)).order_by(FILE_CHUNK.c.used)
    ).all()
    for sha256, length in rows:
        if over > 0 and sha256 not in needed:
            connection.execute(delete(FILE_CHUNK).where(FILE_CHUNK.c.sha256 == sha256))
            over -= length


def used(connection: Connection, value: FileValue) -> None:
    """Note that a file was looked at: it stays longer."""
    number = connection.execute(select(func.coalesce(func.max(FILE_CHUNK.c.used), 0))).scalar_one() + 1
    names = names_of(connection, value)
    connection.execute(update(FILE_CHUNK).where(FILE_CHUNK.c.sha256.in_(names)).values(used=number))


def kept(connection: Connection) -> list[FileValue]:
    """The files that records, here or lost by the school, name and whose manifests are here."""
    here = set(connection.execute(select(FILE_CHUNK.c.sha256)).scalars())
    named = {value: None for text in _texts_with_files(connection) for value in _values_in(text)}
    return [value for value in named if value.manifest in here]


def _texts_with_files(connection: Connection) -> Iterator[str]:
    for entity, names in FILE_FIELDS.items():
        table = REPLICA[entity]
        for name in names:
            yield from connection.execute(
                select(table.c[name]).where(table.c[name].is_not(None)).distinct()
            ).scalars()
        if names:
            yield from connection.execute(select(table.c.base).where(table.c.base.contains(_MARK))).scalars()
    lost = select(KNOWN_VERSION.c.change).where(KNOWN_VERSION.c.state != "")
    yield from (change.decode() for change in connection.execute(lost).scalars())


def _values_in(text: str) -> Iterator[FileValue]:
    """The files that a text names: a value by itself, or anywhere in JSON."""
    return (value for value in map(file_value, text.split('"')) if value is not None)


def _needed(connection: Connection) -> set[str]:
    named = connection.execute(
        select(OPERATION.c.changes).where(OPERATION.c.state.in_(_NAMING), OPERATION.c.changes.contains(_MARK))
    ).scalars()
    return {part for text in named for value in _values_in(text) for part in names_of(connection, value)}
