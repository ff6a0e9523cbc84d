"""What the database knows of versions that are given back, read set-wise (S22)."""

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import Connection, select, tuple_

from rollbook.contract.recovery import VersionName
from rollbook.domain.registry import ENTITIES
from rollbook.server.recovery.judge import Candidate, School
from rollbook.server.sync.known import in_parts, read_records
from rollbook.server.tables import history, receipt, record_tables


def read_school(connection: Connection, school_id: str, candidates: Sequence[Candidate]) -> School:
    """What the candidates meet; their records are held against other writers."""
    found = School()
    for name in record_tables:
        mine = [item for item in candidates if item.change.entity == name]
        ids = {item.change.id for item in mine}
        records = read_records(connection, school_id, ENTITIES[name], ids, lock=True)
        found.records |= {(name, record_id): state for record_id, state in records.items()}
        _read_holders(connection, school_id, name, mine, found)
    changes = [item.change for item in candidates]
    names = [
        *(VersionName(each.entity, each.id, each.version, each.seal) for each in changes),
        *(VersionName(each.entity, each.id, each.version - 1, each.after) for each in changes),
    ]
    found.had = _in_history(connection, school_id, names)
    found.done = _receipts(connection, school_id, candidates)
    return found


def missing(connection: Connection, school_id: str, versions: Sequence[VersionName]) -> list[str]:
    """The seals of those versions that this server does not have, in the order asked."""
    known = [version for version in versions if version.entity in record_tables]
    had = _in_history(connection, school_id, known)
    return [
        version.seal
        for version in known
        if (version.entity, version.id, version.version, version.seal) not in had
    ]


def _in_history(
    connection: Connection, school_id: str, versions: Iterable[VersionName]
) -> set[tuple[str, str, int, str]]:
    asked = sorted({(item.entity, item.id, item.version) for item in versions})
    columns = (history.c.entity, history.c.entity_id, history.c.version)
    return {
        (row.entity, row.entity_id, row.version, row.seal)
        for some in in_parts(asked)
        for row in connection.execute(
            select(*columns, history.c.seal).where(
                history.c.school_id == school_id, tuple_(*columns).in_(list(some))
            )
        )
    }


def _receipts(
    connection: Connection, school_id: str, candidates: Collection[Candidate]
) -> set[tuple[str, str]]:
    asked = sorted({(item.change.owner, item.change.op_id) for item in candidates})
    return {
        (row.owner, row.op_id)
        for some in in_parts(asked)
        for row in connection.execute(
            select(receipt.c.owner, receipt.c.op_id).where(
                receipt.c.school_id == school_id,
                tuple_(receipt.c.owner, receipt.c.op_id).in_(list(some)),
            )
        )
    }


def _read_holders(
    connection: Connection, school_id: str, name: str, candidates: Sequence[Candidate], found: School
) -> None:
    table = record_tables[name]
    for spec in ENTITIES[name].fields:
        if not spec.unique:
            continue
        values = sorted(
            {value for item in candidates if (value := (item.change.values or {}).get(spec.name)) is not None}
        )
        for some in in_parts(values):
            query = select(table.c.id, table.c[spec.name]).where(
                table.c.school_id == school_id, table.c.deleted_at.is_(None), table.c[spec.name].in_(some)
            )
            for row in connection.execute(query):
                found.holders[name, spec.name, row[1]] = row[0]
