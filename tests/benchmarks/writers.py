"""Many writers of one school on PostgreSQL at once, and readers who follow its feed all the while (S17).

``python3 packaging/dev.py bench --writers 30000`` is the long form; a bounded share of it is a test.
"""

import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from sqlalchemy import text

from rollbook.contract.operations import Operation
from rollbook.domain.roles import Role
from support.school_server import Desk, SchoolServer

Row = tuple[str, str, int]
"""A change as a reader saw it: its operation, its record, its version."""


@dataclass
class Course:
    """What happened: what was written, and what each reader saw, in its order."""

    written: set[str] = field(default_factory=set)
    seen: list[list[Row]] = field(default_factory=list)
    seconds: float = 0.0
    held_open: int = 0

    def faults(self) -> list[str]:
        """What is wrong with it; empty where every reader saw every change once, and all in one order."""
        found = []
        for number, rows in enumerate(self.seen):
            counts = Counter(row[0] for row in rows)
            found += [f"reader {number} saw {op} {count} times" for op, count in counts.items() if count > 1]
            found += [f"reader {number} never saw {op}" for op in self.written - counts.keys()]
            found += [f"reader {number} saw {op}, which nobody wrote" for op in counts.keys() - self.written]
            if rows != self.seen[0]:
                found.append(f"reader {number} saw another order than reader 0")
            found += _backwards(number, rows)
        return found


def run(school: SchoolServer, *, changes: int, writers: int = 16, readers: int = 4, seed: int = 1) -> Course:
    """Have ``writers`` push ``changes`` while transactions are held open at random and ``readers`` follow."""
    course, done, lock = Course(), threading.Event(), threading.Lock()
    desks = [school.desk() for _ in range(writers)]
    start = school.desk(Role.VIEWER).changes().cursor
    shares = [changes // writers + (number < changes % writers) for number in range(writers)]
    began = time.perf_counter()
    with ThreadPoolExecutor(writers + readers + 1) as threads:
        following = [
            threads.submit(_follow, school.desk(Role.VIEWER), start, done, random.Random(seed + number))
            for number in range(readers)
        ]
        holding = threads.submit(_hold_open, school, done, random.Random(seed))

        def write(number: int) -> None:
            chance = random.Random(seed * 1_000 + number)
            for op_id in _written(desks[number], shares[number], chance):
                with lock:
                    course.written.add(op_id)

        try:
            list(threads.map(write, range(writers)))
        finally:
            course.seconds = time.perf_counter() - began
            done.set()
        course.seen = [each.result() for each in following]
        course.held_open = holding.result()
    return course


def _written(desk: Desk, count: int, chance: random.Random) -> list[str]:
    """Push so many changes, in batches of any size: new records, and edits of them."""
    mine: list[tuple[str, int]] = []
    went: list[str] = []
    while len(went) < count:
        size = min(chance.randint(1, 60), count - len(went))
        batch = [_operation(desk, mine, chance) for _ in range(size)]
        for result in desk.push(*batch):
            assert result.outcome in ("applied", "merged"), result
            went.append(result.op_id)
    return went


def _operation(desk: Desk, mine: list[tuple[str, int]], chance: random.Random) -> Operation:
    if not mine or chance.random() < 0.5:
        made = desk.create(given_name=str(chance.random()))
        mine.append((made.entity_id, 1))
        return made
    place = chance.randrange(len(mine))
    record, version = mine[place]
    mine[place] = (record, version + 1)
    return desk.update(record, version, phone=(None if version == 1 else f"1 {version}", f"1 {version + 1}"))


def _follow(desk: Desk, cursor: str, done: threading.Event, chance: random.Random) -> list[Row]:
    rows: list[Row] = []
    while True:
        last_look = done.is_set()
        page = desk.changes(cursor, limit=chance.choice((7, 100, 1_000)))
        cursor = page.cursor
        rows += [(change.op_id, change.id, change.version) for change in page.changes]
        if last_look and not page.more:
            return rows


def _hold_open(school: SchoolServer, done: threading.Event, chance: random.Random) -> int:
    """Transactions that stay open for a while in the midst of the others; some hold what those need."""
    engine = school.parts.database.engine
    ways = (
        "SELECT txid_current()",
        "SELECT 1 FROM student ORDER BY random() LIMIT 1 FOR UPDATE",
        "SELECT 1 FROM school_feed FOR UPDATE",
    )
    held = 0
    while not done.is_set():
        with engine.connect().execution_options(rollbook_seconds_left=60.0) as connection, connection.begin():
            connection.execute(text(chance.choice(ways)))
            done.wait(chance.uniform(0.0, 0.4))
        held += 1
        done.wait(chance.uniform(0.0, 0.1))
    return held


def _backwards(number: int, rows: list[Row]) -> list[str]:
    last: dict[str, int] = {}
    found = []
    for _op, record, version in rows:
        if version != last.get(record, 0) + 1:
            found.append(f"reader {number} saw version {version} of {record} after {last.get(record, 0)}")
        last[record] = version
    return found
