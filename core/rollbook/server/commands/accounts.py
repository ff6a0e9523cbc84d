"""``rollbook-server create-user`` and ``set-role``."""

from sqlalchemy import Connection

from rollbook.contract.audit import Deed
from rollbook.domain.clock import Clock
from rollbook.domain.default_set_up import default_set_up
from rollbook.domain.ids import IdSource
from rollbook.domain.roles import Role
from rollbook.server.audit import trail
from rollbook.server.auth import accounts
from rollbook.server.auth.passwords import MAX_PASSWORD, MIN_PASSWORD, Passwords
from rollbook.server.auth.repository import user_by_name
from rollbook.server.commands.opening import opened
from rollbook.server.commands.speaking import DONE, CommandError, say
from rollbook.server.settings import Settings
from rollbook.server.sync.new_records import store_new

FIRST_SCHOOL = "School"


def create_user(
    settings: Settings,
    clock: Clock,
    new_id: IdSource,
    *,
    name: str,
    role: Role,
    school: str | None,
    create_school: bool,
    password: str,
) -> int:
    """Make a user, or give one that exists a new password and that role."""
    _check(name, password)
    hashed = Passwords(settings).hash(password)

    def store(connection: Connection) -> bool:
        known = user_by_name(connection, name) is not None
        school_id = _school(connection, clock, new_id, school, create_school)
        user_id = accounts.make_user(connection, clock, new_id, name, hashed)
        if accounts.role_of(connection, user_id, school_id) is None:
            accounts.make_membership(connection, user_id, school_id, role)
        else:
            accounts.change_role(connection, clock, user_id, school_id, role)
        what = Deed.SIGN_IN_CHANGED if known else Deed.ACCOUNT_MADE
        _write_down(connection, clock, school_id, what, name, role)
        return known

    with opened(settings, clock) as database:
        known = database.write(store)
    if known:
        say(f"There was a user {name.strip()} already: the password is the new one from now on.")
    say(f"The user {name.strip()} may sign in now as {role.value}.")
    return DONE


def set_role(settings: Settings, clock: Clock, *, name: str, role: Role, school: str | None) -> int:
    """Give a user another role in a school, of which their computers learn at once (S23)."""

    def store(connection: Connection) -> bool:
        user = user_by_name(connection, name)
        if user is None:
            raise CommandError(f"There is no user “{name.strip()}”.")
        school_id = existing_school(connection, school)
        before = accounts.role_of(connection, user.id, school_id)
        if before is None:
            raise CommandError(f"{user.name} does not belong to that school: see create-user.")
        if before == Role.ADMINISTRATOR != role and accounts.members(connection, school_id, before) == 1:
            raise CommandError(
                f"{user.name} is the school's last administrator, and stays so. "
                "Make another user administrator first."
            )
        changed = accounts.change_role(connection, clock, user.id, school_id, role)
        if changed:
            _write_down(connection, clock, school_id, Deed.ROLE_CHANGED, user.name, role)
        return changed

    with opened(settings, clock) as database:
        changed = database.write(store)
    say(f"The user {name.strip()} {'is now' if changed else 'was already'} {role.value}.")
    return DONE


def _write_down(
    connection: Connection, clock: Clock, school_id: str, what: Deed, name: str, role: Role
) -> None:
    by = trail.at_the_server()
    trail.write(connection, clock, school_id, what, by=by, subject=name.strip(), detail=role.value)


def existing_school(connection: Connection, name: str | None) -> str:
    """The id of the school of that name, or of the only one. Raises :class:`CommandError`."""
    names = accounts.school_names(connection)
    if name is None and len(names) != 1:
        raise CommandError(f"Say which school with --school: {', '.join(names)}.")
    found = accounts.school_named(connection, name or names[0])
    if found is None:
        raise CommandError(f"There is no school “{name}”. There are: {', '.join(names)}.")
    return found


def _check(name: str, password: str) -> None:
    if not name.strip() or not name.isprintable() or len(name) > MAX_PASSWORD:
        raise CommandError("The name must be printable text that is not empty.")
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise CommandError(f"The password must have {MIN_PASSWORD} to {MAX_PASSWORD} characters.")


def _school(connection: Connection, clock: Clock, new_id: IdSource, name: str | None, create: bool) -> str:
    names = accounts.school_names(connection)
    if name is None and len(names) > 1:
        raise CommandError(f"Say which school with --school: {', '.join(names)}.")
    wanted = name or (names[0] if names else FIRST_SCHOOL)
    found = accounts.school_named(connection, wanted)
    if found is not None:
        return found
    if names and not create:
        raise CommandError(
            f"There is no school “{wanted}”. There are: {', '.join(names)}. Add --create-school to make it."
        )
    school_id = accounts.make_school(connection, clock, new_id, wanted)
    store_new(connection, clock, school_id, default_set_up(school_id))
    return school_id
