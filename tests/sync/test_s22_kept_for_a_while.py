"""Acknowledged entries and versions are kept for 30 days, and what waits for ever (S22)."""

from datetime import timedelta

from rollbook.domain.clock import SystemClock
from rollbook.store.database import StoreDatabase
from rollbook.sync.settings import SyncSettings
from rollbook.sync.tidying import Tidying
from support.client_desk import ClientDesk
from support.settable_clock import SettableClock

KEPT = "SELECT count(*) FROM operation"
VERSIONS = "SELECT count(*) FROM known_version"
DAY = 86_400.0


def store_of(desk: ClientDesk) -> StoreDatabase:
    """The desk's store."""
    return desk.client._store


def test_s22_what_was_acknowledged_is_kept_for_30_days_and_what_waits_for_ever(desk: ClientDesk) -> None:
    desk.add(given_name="Eleni")
    desk.sync()
    desk.network.down = True
    waiting = desk.add(given_name="Nikos")
    clock = SettableClock(SystemClock().now())
    tidying = Tidying(store_of(desk), clock, SyncSettings())
    clock.advance(29 * DAY)
    tidying.look()
    assert (desk.sql(KEPT), desk.sql(VERSIONS)) == ([(2,)], [(1,)])
    clock.advance(timedelta(days=2).total_seconds())
    tidying.look()
    assert (desk.sql(KEPT), desk.sql(VERSIONS)) == ([(1,)], [(0,)])
    assert desk.state(waiting) == "queued"
    assert desk.client.verify() == []


def test_s22_nothing_is_forgotten_while_it_is_given_back(desk: ClientDesk) -> None:
    desk.add(given_name="Eleni")
    desk.sync()
    with store_of(desk).write() as connection:
        connection.exec_driver_sql("INSERT INTO meta (name, value) VALUES ('recovery', 'waiting')")
    clock = SettableClock(SystemClock().now())
    clock.advance(31 * DAY)
    Tidying(store_of(desk), clock, SyncSettings()).look()
    assert (desk.sql(KEPT), desk.sql(VERSIONS)) == ([(1,)], [(1,)])
