"""Chunks that nothing names any more are let go after a time (S31)."""

from collections.abc import Collection, Iterable, Iterator

import msgspec
from sqlalchemy import Connection, delete, select, update

from rollbook.contract.operations import Operation
from rollbook.contract.proposals import ProposalState
from rollbook.domain.files import FileValue, chunks_named, file_value
from rollbook.domain.registry import ENTITIES
from rollbook.server.files.chunks import FILE_FIELDS, content_of, files_named
from rollbook.server.sync.set_wise import among
from rollbook.server.tables import file_chunk, proposal, record_tables, recovery

_SECONDS_A_DAY = 86_400
_OPERATION = msgspec.json.Decoder(Operation)


def may_sweep(connection: Connection, school_id: str) -> bool:
    """Not while a school that was put back is given back what it lost (S22).

    A file may come before the record that names it.
    """
    running = select(recovery.c.id).where(recovery.c.school_id == school_id, recovery.c.ended_at.is_(None))
    return connection.execute(running.limit(1)).first() is None


def named(connection: Connection, school_id: str) -> set[str]:
    """The chunks of all files that something names; reads every manifest."""
    found: set[str] = set()
    for value in {*_in_records(connection, school_id), *_in_proposals(connection, school_id)}:
        manifest = content_of(connection, school_id, value.manifest) or b""
        found |= {value.manifest, *(chunks_named(manifest) or ())}
    return found


def sweep(connection: Connection, school_id: str, kept: Collection[str], day: int, days: int) -> int:
    """Remove chunks that nothing has named for so many days; gives how many.

    ``kept`` are those that were :func:`named` a moment ago. ``day`` counts the days of the feed that were
    written down (S29). A chunk is marked when it is first found unnamed. Whoever wants it (asks for it, names
    it) takes the mark away, a moment ago as well: so none that is wanted goes.
    """
    mine = file_chunk.c.school_id == school_id
    since, now = file_chunk.c.unreferenced_since_seconds, day * _SECONDS_A_DAY
    is_kept = among(connection, file_chunk.c.sha256, kept)
    connection.execute(
        update(file_chunk).where(mine, since.is_(None), ~is_kept).values(unreferenced_since_seconds=now)
    )
    connection.execute(
        update(file_chunk).where(mine, since.is_not(None), is_kept).values(unreferenced_since_seconds=None)
    )
    old = since <= now - days * _SECONDS_A_DAY
    return connection.execute(delete(file_chunk).where(mine, old)).rowcount


def _in_records(connection: Connection, school_id: str) -> Iterator[FileValue]:
    """Of archived records too: they can be brought back."""
    for entity, names in FILE_FIELDS.items():
        for name in names:
            table = record_tables[entity]
            query = select(table.c[name]).where(table.c.school_id == school_id, table.c[name].is_not(None))
            yield from _values(connection.execute(query).scalars())


def _in_proposals(connection: Connection, school_id: str) -> Iterator[FileValue]:
    """Of those that the registrar has still to decide (S23)."""
    waiting = select(proposal.c.entity, proposal.c.operation).where(
        proposal.c.school_id == school_id, proposal.c.state == ProposalState.OPEN.value
    )
    for row in connection.execute(waiting):
        yield from _values(files_named(ENTITIES[row.entity], _OPERATION.decode(row.operation)))


def _values(texts: Iterable[str]) -> Iterator[FileValue]:
    return (value for value in map(file_value, texts) if value is not None)
