"""``rollbook-server make-demo``: stores a made-up school, whole or not at all."""

from collections.abc import Iterator
from itertools import chain

from sqlalchemy import Connection, func, select

from rollbook.domain.clock import Clock
from rollbook.domain.default_set_up import default_set_up
from rollbook.domain.ids import IdSource
from rollbook.domain.roles import Role
from rollbook.server.auth import accounts
from rollbook.server.auth.passwords import Passwords
from rollbook.server.auth.repository import user_by_name
from rollbook.server.commands.opening import opened
from rollbook.server.commands.speaking import DONE, CommandError, say
from rollbook.server.settings import Settings
from rollbook.server.sync.new_records import NewRecord, store_new
from rollbook.server.tables import student

DEMO_PASSWORD = "rollbook-demo"  # noqa: S105 - shown to whoever tries the made-up school
DEMO_USERS = {
    "admin": Role.ADMINISTRATOR,
    "registrar": Role.REGISTRAR,
    "teacher": Role.TEACHER,
    "viewer": Role.VIEWER,
}
_LONGEST_SECONDS = 3_600.0


def make_demo(
    settings: Settings,
    clock: Clock,
    new_id: IdSource,
    count: int,
    seed: int,
    *,
    only_students: bool = False,
    beside: bool = False,
) -> int:
    """Make the school of ``seed`` with ``count`` students, and users to sign in with.

    Without ``only_students`` it has classes, registers, grades and all else of two years. Raises
    :class:`CommandError` where another school is in the database, unless ``beside`` it is wanted.
    """
    from rollbook.server.demo.generate import SCHOOL_NAME, made_up_students
    from rollbook.server.demo.whole_school import made_up_school

    today = clock.now().date()

    def records(school_id: str) -> Iterator[NewRecord]:
        if only_students:
            return (("student", *student) for student in made_up_students(count, seed))
        return chain(default_set_up(school_id), made_up_school(count, seed, today, school_id))

    hashed = Passwords(settings).hash(DEMO_PASSWORD)

    def store(connection: Connection) -> None:
        if not beside:
            _check_alone(connection, SCHOOL_NAME)
        school_id = _empty_school(connection, clock, new_id, SCHOOL_NAME)
        _add_users(connection, clock, new_id, school_id, hashed)
        store_new(connection, clock, school_id, records(school_id))

    with opened(settings, clock) as database:
        database.write(store, longest_seconds=_LONGEST_SECONDS)
    say(f"The made-up school “{SCHOOL_NAME}” has {count} students.")
    say(f"Sign in as {', '.join(DEMO_USERS)}; the password of each is {DEMO_PASSWORD}.")
    return DONE


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
