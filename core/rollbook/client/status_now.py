"""The status of everything, computed at each asking: tables, connection, engine and store (S24, R5)."""

import msgspec

from rollbook.api.client import ApiClient
from rollbook.client import handed
from rollbook.client.accounts import Account
from rollbook.client.values import Status, StoreNotice
from rollbook.store import listing, notices, open_proposals, scopes, session_mark
from rollbook.store.database import StoreDatabase
from rollbook.store.states import State
from rollbook.sync.engine import SyncEngine
from rollbook.sync.status import table_status


def status_now(account: Account, store: StoreDatabase, api: ApiClient, engine: SyncEngine) -> Status:
    """The truth. Raises :class:`StoreError`."""
    connection_now = api.connection()
    reachable = connection_now.state.value == "online" and not engine.work_offline
    with store.read() as connection:
        tables = table_status(
            connection,
            reachable=reachable,
            runs=not engine.broken,
            overdue=bool(engine.overdue),
            behind=engine.behind,
        )
        records = listing.count(connection, "student")
        role = scopes.role(connection) or account.role
        befell = notices.all_of(connection)
        decided = handed.unread(connection)
        proposals = open_proposals.told(connection)
    outstanding = (*tables.outstanding, *filter(None, [store.trouble]))
    pulled, to_pull = engine.progress
    count = tables.counts.get
    return Status(
        connection="offline" if engine.work_offline else connection_now.state.value,
        reason="work_offline" if engine.work_offline else connection_now.reason,
        breaker=api.breaker.state.value,
        queued=count(State.QUEUED, 0),
        sending=count(State.SENDING, 0),
        unknown=count(State.UNKNOWN, 0),
        failed=count(State.FAILED, 0),
        parked=count(State.PARKED, 0),
        conflicts=count(State.CONFLICT, 0),
        giving_back=tables.giving_back,
        put_back="server_put_back" in tables.outstanding,
        oldest_waiting_at=tables.oldest_waiting_at,
        last_synced_at=tables.last_synced_at,
        cursor=tables.cursor,
        up_to_date=not outstanding,
        outstanding=outstanding,
        since=connection_now.since,
        next_attempt_in=None if engine.work_offline else connection_now.next_attempt_in,
        syncing=engine.syncing,
        pulled=pulled,
        to_pull=to_pull,
        handed_over=count(State.HANDED_OVER, 0),
        records=records,
        user=account.user_name,
        role=role,
        school=account.school_name,
        server=account.url,
        notices=tuple(StoreNotice(**msgspec.structs.asdict(each)) for each in befell),
        decisions=decided,
        failure=connection_now.failure,
        failure_detail=connection_now.failure_detail,
        locked=connection_now.state.value == "signed_out" and not session_mark.is_kept(account.folder),
        proposals=proposals.count if proposals else 0,
        proposals_at=proposals.at if proposals else None,
    )
