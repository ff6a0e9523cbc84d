"""Records that the user may not see any more leave this computer, whatever held them (S23)."""

from sqlalchemy import Connection, bindparam, delete, select, update

from rollbook.domain.registry import ENTITIES
from rollbook.domain.scope import Act, Scope
from rollbook.store import files, handing, imported, scopes, set_aside_files, staged, sums
from rollbook.store.backups import backups_of
from rollbook.store.database import StoreDatabase
from rollbook.store.states import ACTIVE, State
from rollbook.store.tables import KNOWN_VERSION, OPERATION, REPLICA, SEARCHED

_AT_ONCE = 2_000
_NO_NEWS = (State.APPLIED, State.REPLACED, State.DISCARDED)


def remove_some(connection: Connection, scope: Scope) -> bool:
    """Remove up to 2,000 records of the scope that nothing waits on; whether there may be more.

    What is settled of them goes too; an entry that was handed over stays, without any value.
    """
    handing.overwrite_what_goes(connection)
    ids = _removable(connection, scope)
    table = REPLICA[scope.entity]
    if ids:
        query = select(table.c.id, table.c.version).where(table.c.id.in_(ids))
        gone = [(row.id, row.version, None) for row in connection.execute(query)]
        sums.note(connection, scope.entity, gone)
        connection.execute(delete(table).where(table.c.id == bindparam("_id")), [{"_id": one} for one in ids])
    _forget_entries(connection, scope)
    return len(ids) == _AT_ONCE


def is_gone(connection: Connection, scope: Scope) -> bool:
    """Whether nothing of the scope is left to hand over or to remove."""
    if staged.count(connection):
        return False  # of an import that a crash has cut: its edits are stored first, then handed over
    if any(row.entity == scope.entity for row in handing.withdrawn_entries(connection)):
        return False
    return scope.act is Act.WRITE or not _removable(connection, scope)


def wipe(store: StoreDatabase, entity: str) -> None:
    """Leave no word of them in the search index, in pages that the file has freed, or in copies of it."""
    with store.write() as connection:
        handing.overwrite_what_goes(connection)
        files.trim(connection, 0)  # photos and files that nothing waits to send; others are fetched again
        if entity in SEARCHED:
            index = f"{entity}_search"
            connection.exec_driver_sql(f"INSERT INTO {index}({index}) VALUES ('rebuild')")
    store.checkpoint()
    for copy in backups_of(store.path):
        copy.unlink(missing_ok=True)
    set_aside_files.wipe(store)


def _removable(connection: Connection, scope: Scope) -> list[str]:
    table = REPLICA[scope.entity]
    waits = select(OPERATION.c.entity_id).where(
        OPERATION.c.entity == scope.entity, OPERATION.c.state.in_(ACTIVE)
    )
    kept = scopes.held(connection, Act.READ, scope.entity)
    query = select(table).where(table.c.id.not_in(waits)).order_by(table.c.row)
    if scope.is_whole and not kept:
        rows = connection.execute(query.with_only_columns(table.c.id).limit(_AT_ONCE))
        return list(rows.scalars())
    found: list[str] = []
    for row in connection.execution_options(yield_per=1_000).execute(query).mappings():
        values = {name: row[name] for name in ENTITIES[scope.entity].names}
        gone = scope.covers(row["id"], values) and not any(one.covers(row["id"], values) for one in kept)
        if gone and len(found) < _AT_ONCE:
            found.append(row["id"])
    return found


def _forget_entries(connection: Connection, scope: Scope) -> None:
    """Settled entries hold values as well; none is kept of a record that is not here any more."""
    table = REPLICA[scope.entity]
    of_none_here = (OPERATION.c.entity == scope.entity) & OPERATION.c.entity_id.not_in(select(table.c.id))
    connection.execute(delete(OPERATION).where(of_none_here, OPERATION.c.state.in_(_NO_NEWS)))
    of_none_known = (KNOWN_VERSION.c.entity == scope.entity) & KNOWN_VERSION.c.entity_id.not_in(
        select(table.c.id)
    )
    connection.execute(delete(KNOWN_VERSION).where(of_none_known))
    imported.forget_gone(connection, scope.entity)
    told = (State.HANDED_OVER, State.DECLINED)
    connection.execute(
        update(OPERATION).where(of_none_here, OPERATION.c.state.in_(told)).values(**handing.scrubbed())
    )
