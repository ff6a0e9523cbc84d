"""The chunks of one school: never read, nor told of, to another (S31)."""

from collections.abc import Collection, Iterable
from enum import StrEnum

from sqlalchemy import Connection, func, insert, select, update

from rollbook.contract.operations import Operation
from rollbook.domain.entity import EntityType, FieldType
from rollbook.domain.files import FileValue, chunks_named, file_value, media_type_of
from rollbook.domain.registry import ENTITIES
from rollbook.server.tables import file_chunk

FILE_FIELDS: dict[str, tuple[str, ...]] = {
    entity.name: tuple(spec.name for spec in entity.fields if spec.type is FieldType.FILE)
    for entity in ENTITIES.values()
}


class Whole(StrEnum):
    """Whether all of a file is at the school."""

    WHOLE = "whole"
    MISSING = "missing"
    UNFIT = "unfit"  # it is there, and not what the value says


def present(connection: Connection, school_id: str, hashes: Collection[str]) -> set[str]:
    """Those of the chunks that the school has. They are wanted: the sweep leaves them from now on."""
    mine = (file_chunk.c.school_id == school_id, file_chunk.c.sha256.in_(sorted(hashes)))
    connection.execute(
        update(file_chunk)
        .where(*mine, file_chunk.c.unreferenced_since_seconds.is_not(None))
        .values(unreferenced_since_seconds=None)
    )
    return set(connection.execute(select(file_chunk.c.sha256).where(*mine)).scalars())


def content_of(connection: Connection, school_id: str, sha256: str) -> bytes | None:
    """A chunk of the school, or ``None``."""
    return connection.execute(
        select(file_chunk.c.content).where(file_chunk.c.school_id == school_id, file_chunk.c.sha256 == sha256)
    ).scalar()


def bytes_kept(connection: Connection, school_id: str) -> int:
    """How much the school's files take."""
    query = select(func.coalesce(func.sum(file_chunk.c.size), 0)).where(file_chunk.c.school_id == school_id)
    return int(connection.execute(query).scalar_one())


def keep(connection: Connection, school_id: str, sha256: str, content: bytes) -> None:
    """Keep a chunk that is not there yet."""
    connection.execute(
        insert(file_chunk).values(school_id=school_id, sha256=sha256, content=content, size=len(content))
    )


def files_named(entity: EntityType, operation: Operation) -> set[str]:
    """The values of files that an operation enters."""
    names = FILE_FIELDS[entity.name]
    return {
        operation.changes[name].value
        for name in names
        if name in operation.changes and isinstance(operation.changes[name].value, str)
    }


def read_whole(connection: Connection, school_id: str, texts: Iterable[str]) -> dict[str, Whole]:
    """How each of those files stands. What is no value of a file is refused elsewhere."""
    found: dict[str, Whole] = {}
    for text in texts:
        value = file_value(text)
        if value is not None:
            found[text] = _how(connection, school_id, value)
    return found


def _how(connection: Connection, school_id: str, value: FileValue) -> Whole:
    if not present(connection, school_id, [value.manifest]):
        return Whole.MISSING
    names = chunks_named(content_of(connection, school_id, value.manifest) or b"")
    if names is None:
        return Whole.UNFIT
    if present(connection, school_id, set(names)) != set(names):
        return Whole.MISSING
    rows = connection.execute(
        select(file_chunk.c.sha256, file_chunk.c.size).where(
            file_chunk.c.school_id == school_id, file_chunk.c.sha256.in_(names)
        )
    )
    sizes = {row.sha256: row.size for row in rows}
    first = content_of(connection, school_id, names[0]) or b""
    fits = sum(sizes[name] for name in names) == value.size and media_type_of(first) == value.media_type
    return Whole.WHOLE if fits else Whole.UNFIT
