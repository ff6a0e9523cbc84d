"""One load: a server of two workers on a PostgreSQL of its own, clients, and restarts of the database."""

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from load import judge
from load.clerk import Clerk
from load.ledger import Ledger, Sample
from rollbook.domain.clock import SystemClock
from rollbook.server.database import Database
from rollbook.server.migrating import migrate
from support import postgres
from support.school_server import SchoolServer, settings_for
from support.server_process import ServerProcess

WORKERS = 2
SCHOOLS = 4
RESTARTS = ("fast", "immediate")
_ASKS_NO_DATABASE = "dashboard"  # it answers with what it has, and so says nothing of the database
_FROM_THE_SERVER_ON = 500


@dataclass(frozen=True)
class Restart:
    """One restart of the database: when it began and when the database answered (seconds, monotonic)."""

    mode: str
    began: float
    answered: float


@dataclass
class Course:
    """What happened."""

    clients: int
    began: float = 0.0
    ended: float = 0.0
    ledger: Ledger = field(default_factory=Ledger)
    restarts: list[Restart] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def recovered(self, restart: Restart) -> tuple[float, float]:
        """Seconds from when the database answers again to the first request that is served, and to the last
        that is not because of this restart."""
        later = [each.began for each in self.restarts if each.began > restart.began]
        until = min(later, default=float("inf"))
        after = [each for each in self.ledger.samples if restart.answered <= _end(each) < until]
        good = [_end(each) for each in after if each.good and each.kind != _ASKS_NO_DATABASE]
        bad = [_end(each) for each in after if each.status >= _FROM_THE_SERVER_ON]
        first = min((each for each in good), default=float("inf"))
        return first - restart.answered, max(bad, default=restart.answered) - restart.answered

    def undisturbed(self) -> list[Sample]:
        """The samples that no restart could reach."""
        spans = [(each.began, each.answered + self.recovered(each)[1]) for each in self.restarts]
        return [
            each
            for each in self.ledger.samples
            if not any(each.sent <= end and _end(each) >= began for began, end in spans)
        ]


def _end(sample: Sample) -> float:
    return sample.sent + sample.seconds


def run(folder: Path, *, clients: int, seconds: float, restarts: Sequence[str] = RESTARTS) -> Course:
    """Let them work, restart the database evenly spread over the time, and judge what is left."""
    course = Course(clients)
    with _served(folder, clients) as (server, names, cluster):
        asyncio.run(_worked(course, server.url, names, cluster, seconds, restarts))
        if server.stop() != 0:
            course.faults.append("the server did not end in good order")
        server.command("check")  # the sums that computers compare with, too
        course.faults += course.ledger.faults + judge.faults(server.database, course.ledger)
        if course.ledger.given_up:
            course.faults.append(f"{len(course.ledger.given_up)} operations were never acknowledged")
    return course


async def _worked(
    course: Course,
    url: str,
    names: Sequence[str],
    cluster: postgres.Cluster,
    seconds: float,
    restarts: Sequence[str],
) -> None:
    course.began = time.monotonic()
    end = course.began + seconds
    clerks = [Clerk(url, name, course.ledger, random.Random(place)) for place, name in enumerate(names)]
    working = [asyncio.create_task(each.work(end)) for each in clerks]
    for number, mode in enumerate(restarts, 1):
        at = course.began + seconds * number / (len(restarts) + 1)
        await asyncio.sleep(max(0.0, at - time.monotonic()))
        began = time.monotonic()
        await asyncio.to_thread(cluster.restart, mode)
        course.restarts.append(Restart(mode, began, time.monotonic()))
    await asyncio.gather(*working)
    course.ended = time.monotonic()


@contextmanager
def _served(folder: Path, clients: int) -> Iterator[tuple[ServerProcess, list[str], postgres.Cluster]]:
    """A running server, the names of its users (spread over several schools), and its database."""
    with postgres.own_cluster(durable=True) as cluster:
        place = postgres.make_database(cluster.url, "rollbook_load").render_as_string(hide_password=False)
        database = Database(settings_for(place, folder), SystemClock())
        migrate(database)
        database.close()
        names = _people(place, folder, clients)
        env = {"ROLLBOOK_SIGN_IN_ATTEMPTS_PER_ADDRESS": "100000"}
        with ServerProcess(folder, place, workers=WORKERS, fresh=True, env=env) as server:
            yield server, names, cluster


def _people(place: str, folder: Path, clients: int) -> list[str]:
    schools = [SchoolServer(place, folder) for _ in range(min(SCHOOLS, clients))]
    names = [schools[number % len(schools)].user() for number in range(clients)]
    for each in schools:
        each.close()
    return names
