"""Files that the school has been told of and lacks: whoever has one may bring it (S22, S23).

After the server was put back, a viewer's desk may have the only copy of a photo; who lost the right to write
hands a photo over with the entry that names it. Neither may send just any file.
"""

from collections.abc import Collection

from sqlalchemy import Connection, func, select

from rollbook.domain.files import HASH_LENGTH, chunks_named
from rollbook.domain.scope import Act
from rollbook.server.auth.caller import Caller
from rollbook.server.files.chunks import FILE_FIELDS, content_of
from rollbook.server.tables import proposal, record_tables


def may_write_files(caller: Caller) -> bool:
    """Whether the caller may send any file: they write records that have some."""
    return any(caller.may(Act.WRITE, entity) for entity, names in FILE_FIELDS.items() if names)


def awaited(connection: Connection, caller: Caller, manifests: Collection[str]) -> set[str]:
    """The chunks of those of the files that the school has been told of, as far as it knows them."""
    found: set[str] = set()
    for manifest in _in_records(connection, caller, manifests) | _handed_over(connection, caller, manifests):
        content = content_of(connection, caller.school_id, manifest) or b""
        found |= {manifest, *(chunks_named(content) or ())}
    return found


def _in_records(connection: Connection, caller: Caller, manifests: Collection[str]) -> set[str]:
    """Those that records name which the caller may see."""
    found: set[str] = set()
    for entity, names in FILE_FIELDS.items():
        if not names or not caller.may(Act.READ, entity):
            continue
        table = record_tables[entity]
        for name in names:
            manifest = func.substr(table.c[name], 1, HASH_LENGTH)
            mine = (table.c.school_id == caller.school_id, manifest.in_(sorted(manifests)))
            rows = connection.execute(select(table).where(*mine)).mappings()
            shown = [row for row in rows if caller.covers(Act.READ, entity, row["id"], dict(row))]
            found |= {row[name][:HASH_LENGTH] for row in shown}
    return found


def _handed_over(connection: Connection, caller: Caller, manifests: Collection[str]) -> set[str]:
    """Those that the caller's own proposals name, decided or not."""
    handed = select(proposal.c.operation).where(
        proposal.c.school_id == caller.school_id, proposal.c.owner == caller.user_id
    )
    operations = [bytes(each) for each in connection.execute(handed).scalars()]
    return {manifest for manifest in manifests if any(manifest.encode() in each for each in operations)}
