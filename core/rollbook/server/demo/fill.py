"""``rollbook-server make-demo``: stores a made-up school, whole or not at all."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from sqlalchemy import Connection, func, insert, select

from rollbook.contract.feed import Change
from rollbook.domain.clock import Clock
from rollbook.domain.ids import IdSource
from rollbook.domain.registry import ENTITIES
from rollbook.domain.roles import Role
from rollbook.server.auth import accounts
from rollbook.server.auth.passwords import Passwords
from rollbook.server.auth.repository import user_by_name
from rollbook.server.commands.opening import opened
from rollbook.server.commands.speaking import DONE, CommandError, say
from rollbook.server.settings import Settings
from rollbook.server.sync.push import random_mark
from rollbook.server.sync.sums import note_versions
from rollbook.server.sync.write import advance_head, feed_row
from rollbook.server.tables import feed, student

DEMO_PASSWORD = "rollbook-demo"  # noqa: S105 - shown to whoever tries the made-up school
DEMO_USERS = {
    "admin": Role.ADMINISTRATOR,
    "registrar": Role.REGISTRAR,
    "teacher": Role.TEACHER,
    "viewer": Role.VIEWER,
}
_IN_ONE_STATEMENT = 2_000
_LONGEST_SECONDS = 3_600.0
MadeUp = tuple[str, dict[str, Any]]
"""An id and canonical values; a field that is not named is unknown."""


def make_demo(
    settings: Settings, clock: Clock, new_id: IdSource, count: int, seed: int, *, beside: bool = False
) -> int:
    """Make the school of ``seed`` with ``count`` students, and users to sign in with.

    Raises :class:`CommandError` where another school is in the database, unless ``beside`` it is wanted.
    """
    from rollbook.server.demo.generate import SCHOOL_NAME, made_up_students

    hashed = Passwords(settings).hash(DEMO_PASSWORD)

    def store(connection: Connection) -> None:
        if not beside:
            _check_alone(connection, SCHOOL_NAME)
        school_id = _empty_school(connection, clock, new_id, SCHOOL_NAME)
        _add_users(connection, clock, new_id, school_id, hashed)
        add_students(connection, clock, school_id, made_up_students(count, seed))

    with opened(settings, clock) as database:
        database.write(store, longest_seconds=_LONGEST_SECONDS)
    say(f"The made-up school “{SCHOOL_NAME}” has {count} students.")
    say(f"Sign in as {', '.join(DEMO_USERS)}; the password of each is {DEMO_PASSWORD}.")
    return DONE


def add_students(
    connection: Connection,
    clock: Clock,
    school_id: str,
    students: Iterable[MadeUp],
    new_mark: Callable[[], str] = random_mark,
) -> None:
    """Store ``students`` at version 1, each with its row in the feed, a part at a time."""
    source = iter(students)
    unknown = dict.fromkeys(ENTITIES["student"].names)
    while part := [(item, unknown | values) for item, values in islice(source, _IN_ONE_STATEMENT)]:
        now = clock.now().isoformat(timespec="milliseconds")
        position = advance_head(connection, school_id, len(part)) - len(part)
        note_versions(connection, school_id, [("student", record_id, None, 1) for record_id, _ in part])
        rows = [_student_row(school_id, now, record_id, values) for record_id, values in part]
        connection.execute(insert(student), rows)
        changes = [
            feed_row(school_id, position + index, new_mark(), _change(now, record_id, values))
            for index, (record_id, values) in enumerate(part, start=1)
        ]
        connection.execute(insert(feed), changes)


def _student_row(school_id: str, now: str, record_id: str, values: dict[str, Any]) -> dict[str, Any]:
    by = accounts.BY_THE_SERVER
    made = {"created_at": now, "created_by": by, "updated_at": now, "updated_by": by}
    return {"school_id": school_id, "id": record_id, "version": 1, **values, **made}


def _change(now: str, record_id: str, values: dict[str, Any]) -> Change:
    return Change("student", record_id, 1, values, by=accounts.BY_THE_SERVER, at=now)


def _check_alone(connection: Connection, name: str) -> None:
    """Users whose password everybody knows do not belong beside a real school."""
    others = [each for each in accounts.school_names(connection) if each != name]
    if others:
        raise CommandError(
            f"This database holds the school “{others[0]}”: use another --database for a made-up one, or add "
            "--beside to have both in one."
        )


def _empty_school(connection: Connection, clock: Clock, new_id: IdSource, name: str) -> str:
    school_id = accounts.school_named(connection, name)
    if school_id is None:
        return accounts.make_school(connection, clock, new_id, name)
    count = select(func.count()).select_from(student).where(student.c.school_id == school_id)
    if connection.execute(count).scalar():
        raise CommandError(f"The school “{name}” has students already: use another --database.")
    return school_id


def _add_users(connection: Connection, clock: Clock, new_id: IdSource, school_id: str, hashed: str) -> None:
    for name, role in DEMO_USERS.items():
        known = user_by_name(connection, name)
        user_id = known.id if known else accounts.make_user(connection, clock, new_id, name, hashed)
        accounts.make_membership(connection, user_id, school_id, role)
