"""The judge's looks while a history runs: what a desk says and shows now, held against what is true now."""

from collections.abc import Iterator

from faults.desk import Desk
from faults.oracle import DIVERGED, FALSE, STUCK, Fault
from faults.school import School

_WAITS = "('queued', 'sending', 'unknown', 'failed', 'parked', 'conflict', 'giving_back')"


def look(school: School, desk: Desk) -> Iterator[Fault]:
    """All that is wrong at this moment, while requests may be on their way."""
    now = (*desk.rows("PRAGMA data_version"), desk.known.head, len(desk.known.refused), desk.reachable())
    if now == desk.watch.at:
        return  # nothing has happened to it since the last look
    desk.watch.at = now
    yield from claims_too_much(school, desk)
    yield from moved_back(school, desk)
    yield from asks_for_nothing(desk)


def claims_too_much(school: School, desk: Desk) -> Iterator[Fault]:
    """What ``status`` says, held against the tables and against how far the desk knows the feed to go."""
    wrong = list(_not_so(school, desk))
    if wrong and desk.client.status().up_to_date:  # asked last: it is the costliest question here
        yield from wrong


def _not_so(school: School, desk: Desk) -> Iterator[Fault]:
    """Why the desk is not up to date."""
    [(waiting,)] = desk.rows(f"SELECT count(*) FROM operation WHERE state IN {_WAITS}")
    if waiting:
        yield Fault(FALSE, f"{desk.name} says up to date with {waiting} entries waiting")
        return
    position, mark = _cursor(desk)
    if school.went_back and not school.rows(
        "SELECT 1 FROM feed WHERE position = ? AND mark = ?", position, mark
    ):
        return  # it has not met the school since that was put back: nothing could have told it (S22)
    if position < desk.known.head:
        yield Fault(FALSE, f"{desk.name} says up to date at {position}, and was told of {desk.known.head}")
        return
    latest = dict(
        school.rows(
            "SELECT entity_id, max(version) FROM feed WHERE entity = 'student' AND position <= ? "
            "GROUP BY entity_id",
            position,
        )
    )
    here = dict(desk.rows("SELECT id, version FROM student"))
    behind = [record for record, version in latest.items() if (here.get(record) or 0) < version]
    if behind:
        yield Fault(
            FALSE, f"{desk.name} says up to date at {position} without {[one[-6:] for one in behind]}"
        )


def _cursor(desk: Desk) -> tuple[int, str]:
    """The position and the mark of the desk's cursor; 0 before there is one."""
    found = desk.rows("SELECT value FROM meta WHERE name = 'cursor'")
    position, _, mark = (found[0][0] if found and found[0][0] else "0").partition(".")
    return int(position), mark


def moved_back(school: School, desk: Desk) -> Iterator[Fault]:
    """No row goes to a lower version (S18), unless the school itself went back."""
    versions = {
        record: version for record, version in desk.rows("SELECT id, version FROM student") if version
    }
    for record, version in versions.items():
        before = desk.watch.versions.get(record, 0)
        if version < before and not school.went_back:
            yield Fault(DIVERGED, f"{desk.name}'s {record[-6:]} went from version {before} back to {version}")
    desk.watch.versions = versions


def asks_for_nothing(desk: Desk) -> Iterator[Fault]:
    """Only what the school itself refused waits for a person (S9); all else goes on without one."""
    for op_id, carrier, state in desk.rows(
        "SELECT op_id, carried_by, state FROM operation WHERE state IN ('parked', 'conflict')"
    ):
        if (carrier or op_id) not in desk.known.refused:
            yield Fault(STUCK, f"{op_id[-6:]} of {desk.name} is {state}, and the school never refused it")
