"""What is read anew for each page of metrics: from the database, and of the disks (R19).

A gauge that one worker kept would be out of date in another.
"""

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection, make_url

from rollbook.contract.devices import Device
from rollbook.domain.clock import Clock
from rollbook.server.backups.last import LastBackup, last_backup
from rollbook.server.devices.service import devices
from rollbook.server.diagnostics.waiting import jobs, unsynced_seconds
from rollbook.server.settings import Settings
from rollbook.server.sync.write import heads_of

OTHERS = "(others)"
"""The label of all computers beyond those told by themselves; no computer's id has such a form."""
_ENTRIES = ("waiting", "parked", "conflicts")


@dataclass(frozen=True, slots=True)
class Kept:
    """What the database tells of all schools. ``jobs`` are as :func:`diagnostics.waiting.jobs` gives them."""

    heads: Mapping[str, int]
    desks: Sequence[Device]
    jobs: Mapping[str, Any]
    backup: LastBackup | None


def read_kept(connection: Connection, clock: Clock, settings: Settings) -> Kept:
    """Read it."""
    desks = devices(connection, clock, None, settings.desk_silent_days)
    return Kept(heads_of(connection), desks, jobs(connection, None, clock), last_backup(connection, clock))


@dataclass(frozen=True, eq=False)
class Scraped(Collector):
    """One page's. ``kept`` is ``None`` while the database does not answer.

    Feeds are told for each ``by_school``, else added up; computers for each ``by_desk``, at most
    ``most_desks`` of them: those in the worst way.
    """

    kept: Kept | None
    settings: Settings
    by_school: bool = False
    by_desk: bool = False
    disks: Mapping[str, Path] = field(default_factory=dict)

    def collect(self) -> Iterator[Metric]:
        """The families."""
        yield _gauge("database_up", "Whether the database answered.", float(self.kept is not None))
        yield from _of_disks(self.disks)
        if self.kept is None:
            return
        yield self._heads(self.kept.heads)
        yield from _of_jobs(self.kept.jobs)
        if self.kept.backup is not None:  # who makes none by our command may well make some by another
            age = self.kept.backup.seconds_ago
            yield _gauge("backup_age_seconds", "Age of the last backup that rollbook-server made.", age)
        yield from _of_all_desks(self.kept.desks)
        if self.by_desk:
            yield from _of_each_desk(self.kept.desks, self.settings.metrics_desks)

    def _heads(self, heads: Mapping[str, int]) -> Metric:
        words = "Changes in the feed of a school, or of all."
        if not self.by_school:
            return _gauge("feed_head", words, sum(heads.values()))
        return _labelled("feed_head", words, "school", heads)


def disks_of(settings: Settings) -> dict[str, Path]:
    """The folders of which a full disk stops the server, as far as they are on this computer."""
    found = {"logs": Path(settings.log_dir)}
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite" and url.database:
        found["database"] = Path(url.database).parent
    return found


def _of_disks(disks: Mapping[str, Path]) -> Iterator[Metric]:
    free: dict[str, float] = {}
    size: dict[str, float] = {}
    for name, folder in disks.items():
        try:
            usage = shutil.disk_usage(folder)
        except OSError:
            continue  # it is not there yet, or away: then nothing is known of it
        free[name], size[name] = usage.free, usage.total
    yield _labelled("disk_free_bytes", "Free on the disk of a folder.", "folder", free)
    yield _labelled("disk_bytes", "Size of the disk of a folder.", "folder", size)


def _of_jobs(found: Mapping[str, Any]) -> Iterator[Metric]:
    yield _labelled("jobs", "Long work that is kept, by its state.", "state", found["count"])
    yield _labelled(
        "job_oldest_seconds", "Since when the oldest waits or runs.", "state", found["oldest_seconds"]
    )


def _of_all_desks(desks: Sequence[Device]) -> Iterator[Metric]:
    stuck = sum(1 for desk in desks if desk.why)
    states = {"stuck": stuck, "well": len(desks) - stuck}
    yield _labelled("desks", "Computers by whether they are stuck.", "state", states)
    entries = {name: sum(getattr(desk.report, name) for desk in desks) for name in _ENTRIES}
    words = "Entries that computers last said the school does not have."
    yield _labelled("desk_entries", words, "state", entries)
    yield _gauge("desk_oldest_entry_seconds", "Age of the oldest of them.", _longest(map(_oldest, desks)))
    yield _gauge(
        "desk_longest_unsynced_seconds",
        "Since when the computer that lags most has come through no sync.",
        _longest(map(unsynced_seconds, desks)),
    )


def _of_each_desk(desks: Sequence[Device], most: int) -> Iterator[Metric]:
    told: dict[str, list[Device]] = {}
    for desk in sorted(desks, key=_how_bad, reverse=True):
        name = desk.device if desk.device in told or len(told) < most else OTHERS
        told.setdefault(name, []).append(desk)
    yield _labelled(
        "desk_outbox_entries",
        "Entries that a computer last said the school does not have.",
        "device",
        {name: sum(map(_entries, of)) for name, of in told.items()},
    )
    yield _labelled(
        "desk_outbox_oldest_seconds",
        "Age of the oldest of them.",
        "device",
        {name: _longest(map(_oldest, of)) for name, of in told.items()},
    )
    yield _labelled(
        "desk_unsynced_seconds",
        "Since when a computer has come through no sync.",
        "device",
        {name: _longest(map(unsynced_seconds, of)) for name, of in told.items()},
    )


def _how_bad(desk: Device) -> tuple[bool, int, int]:
    # Of those that have nothing to send, the ones that still come: a computer that was retired is no news.
    return bool(desk.why), _oldest(desk), -desk.silent_seconds


def _entries(desk: Device) -> int:
    return sum(getattr(desk.report, name) for name in _ENTRIES)


def _oldest(desk: Device) -> int:
    return desk.report.oldest_seconds + desk.silent_seconds if _entries(desk) else 0


def _longest(seconds: Iterable[int | None]) -> int:
    return max((each for each in seconds if each is not None), default=0)


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(f"rollbook_{name}", words, value=value)


def _labelled(name: str, words: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(f"rollbook_{name}", words, labels=[label])
    for told, value in values.items():
        family.add_metric([told], value)
    return family
