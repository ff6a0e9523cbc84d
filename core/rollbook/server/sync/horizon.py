"""How far back the feed and the receipts go, in positions of the feed (S7).

Once a day the head is written down. So many such days back lies the horizon: it is counted in days that were
written down, never in dates, so that a clock that is set wrong forgets nothing (S29).
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sqlalchemy import Connection, delete, func, insert, select, update

from rollbook.domain.clock import Clock
from rollbook.server.database import Database
from rollbook.server.files.sweeping import may_sweep, named, sweep
from rollbook.server.jobs import repository as jobs
from rollbook.server.settings import Settings
from rollbook.server.sync.sums import hold_counter, schools
from rollbook.server.tables import feed, feed_day, receipt, school_feed

_IN_ONE_TRANSACTION = 2_000


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many rows went, over all schools."""

    receipts: int = 0
    changes: int = 0
    files: int = 0  # chunks of them


class Upkeep:
    """The server's daily work; safe to run at any time, and in several workers at once. Blocking."""

    def __init__(self, database: Database, clock: Clock, settings: Settings) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings

    def run(self) -> Pruned:
        """Write the day down, and let go of what lies below the horizons. Raises :class:`ProblemError`."""
        receipts = changes = files = 0
        today = self._clock.now().date().isoformat()
        self._database.write(self._forget_reports)
        for school_id in self._database.read(schools):
            day = self._database.write(partial(self._begin_day, school_id=school_id, today=today))
            receipts += self._in_parts(partial(_prune_receipts, school_id=school_id, below=day.receipts))
            changes += self._in_parts(partial(_prune_feed, school_id=school_id, below=day.changes))
            files += self._sweep(school_id, day.number) if day.is_new else 0
        return Pruned(receipts, changes, files)

    def _sweep(self, school_id: str, number: int) -> int:
        """Once a day: it reads every manifest, before anything is held."""
        if not self._database.read(partial(may_sweep, school_id=school_id)):
            return 0
        kept = self._database.read(partial(named, school_id=school_id))
        days = self._settings.file_days
        return self._database.write(partial(sweep, school_id=school_id, kept=kept, day=number, days=days))

    def _forget_reports(self, connection: Connection) -> None:
        before = self._clock.now() - timedelta(days=self._settings.report_days)
        jobs.forget(connection, before.isoformat(timespec="milliseconds"))

    def _begin_day(self, connection: Connection, school_id: str, today: str) -> "_Day":
        """Write the day down and move the horizons.

        That comes first, on its own: whoever reads them later counts on nothing below.
        """
        number, is_new = _write_down(connection, school_id, today)
        longer = max(self._settings.feed_days, self._settings.receipt_days + 1)
        receipts = _position_on(connection, school_id, number - self._settings.receipt_days)
        changes = _position_on(connection, school_id, number - longer)
        connection.execute(
            update(school_feed)
            .where(school_feed.c.school_id == school_id)
            .values(receipt_horizon=receipts, feed_horizon=changes)
        )
        return _Day(number, is_new, receipts, changes)

    def _in_parts(self, prune: Callable[[Connection], int]) -> int:
        """Each part in a transaction of its own, so that nobody waits long."""
        went = 0
        while part := self._database.write(prune):
            went += part
        return went


def _receipt_horizon(connection: Connection, school_id: str) -> int:
    """Receipts of writes before this position may be gone. To be read after the receipts themselves."""
    query = select(school_feed.c.receipt_horizon).where(school_feed.c.school_id == school_id)
    return int(connection.execute(query).scalar_one())


def too_old(
    connection: Connection, school_id: str, again: Mapping[str, int], without: Collection[str]
) -> list[str]:
    """Those of ``again`` that have no receipt, and may have had one that was let go (S7).

    To be asked after the receipts were read: they are let go only once the horizon has moved.
    """
    doubtful = [op_id for op_id in again if op_id in without]
    horizon = _receipt_horizon(connection, school_id) if doubtful else 0
    return [op_id for op_id in doubtful if again[op_id] < horizon]


@dataclass(frozen=True, slots=True)
class _Day:
    """A day of the feed, whether it began just now, and the horizons on it as positions of the feed."""

    number: int
    is_new: bool
    receipts: int
    changes: int


def _write_down(connection: Connection, school_id: str, today: str) -> tuple[int, bool]:
    """Note the head as that of ``today``, unless a day not before it was noted.

    Gives the last number, and whether it is new.
    """
    head = hold_counter(connection, school_id)
    last = connection.execute(
        select(feed_day.c.number, feed_day.c.day)
        .where(feed_day.c.school_id == school_id)
        .order_by(feed_day.c.number.desc())
        .limit(1)
    ).first()
    if last is not None and last.day >= today:
        return int(last.number), False
    number = 1 if last is None else last.number + 1
    connection.execute(insert(feed_day).values(school_id=school_id, number=number, day=today, position=head))
    return number, True


def _position_on(connection: Connection, school_id: str, number: int) -> int:
    found = connection.execute(
        select(feed_day.c.position).where(feed_day.c.school_id == school_id, feed_day.c.number == number)
    ).scalar()
    return found or 0


def _prune_receipts(connection: Connection, school_id: str, below: int) -> int:
    """Some of the receipts before that position; how many."""
    old = connection.execute(
        select(receipt.c.owner, receipt.c.op_id)
        .where(receipt.c.school_id == school_id, receipt.c.position < below)
        .limit(_IN_ONE_TRANSACTION)
    ).all()
    for row in old:
        connection.execute(
            delete(receipt).where(
                receipt.c.school_id == school_id, receipt.c.owner == row.owner, receipt.c.op_id == row.op_id
            )
        )
    return len(old)


def _prune_feed(connection: Connection, school_id: str, below: int) -> int:
    """Some of the changes before that position; how many. The row at it stays: a cursor to it holds."""
    first = connection.execute(
        select(func.min(feed.c.position)).where(feed.c.school_id == school_id)
    ).scalar()
    if first is None or first >= below:
        return 0
    until = min(below, first + _IN_ONE_TRANSACTION)
    return connection.execute(
        delete(feed).where(feed.c.school_id == school_id, feed.c.position < until)
    ).rowcount
