"""Chunks that nothing names any more are let go after a time (S31)."""

from collections.abc import Iterable, Iterator

import msgspec
from sqlalchemy import Connection, delete, func, select, update

from rollbook.contract.operations import Operation
from rollbook.contract.proposals import ProposalState
from rollbook.domain.files import FileValue, chunks_named, file_value
from rollbook.domain.registry import ENTITIES
from rollbook.server.files.chunks import FILE_FIELDS, content_of, files_named, present
from rollbook.server.tables import file_chunk, proposal, record_tables, recovery

_SECONDS_A_DAY = 86_400
_OPERATION = msgspec.json.Decoder(Operation)


def sweep_on_day(connection: Connection, school_id: str, number: int, keep_days: int) -> int:
    """The daily sweep. Days are those of the feed that were written down, ``number`` the last (S29).

    While a school that was put back is given back what it lost, all stays: a file may come before the record
    that names it (S22).
    """
    open_ones = select(func.count()).where(recovery.c.school_id == school_id, recovery.c.ended_at.is_(None))
    if connection.execute(open_ones).scalar_one():
        return 0
    return sweep(connection, school_id, number * _SECONDS_A_DAY, keep_days * _SECONDS_A_DAY)


def sweep(connection: Connection, school_id: str, now_seconds: int, keep_seconds: int) -> int:
    """Remove chunks that nothing has named for ``keep_seconds``; gives how many.

    A chunk is marked when it is first found unnamed, and removed when it was so for long. Whoever wants it
    meanwhile (asks for it, names it) takes the mark away, and is waited for.
    """
    mine = file_chunk.c.school_id == school_id
    named = _named(connection, school_id)
    everything = set(connection.execute(select(file_chunk.c.sha256).where(mine)).scalars())
    for sha256 in sorted(everything - named):
        one = (mine, file_chunk.c.sha256 == sha256, file_chunk.c.unreferenced_since_seconds.is_(None))
        connection.execute(update(file_chunk).where(*one).values(unreferenced_since_seconds=now_seconds))
    present(connection, school_id, everything & named)
    old = file_chunk.c.unreferenced_since_seconds <= now_seconds - keep_seconds
    return connection.execute(delete(file_chunk).where(mine, old)).rowcount


def _named(connection: Connection, school_id: str) -> set[str]:
    found: set[str] = set()
    for value in {*_in_records(connection, school_id), *_in_proposals(connection, school_id)}:
        manifest = content_of(connection, school_id, value.manifest) or b""
        found |= {value.manifest, *(chunks_named(manifest) or ())}
    return found


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
