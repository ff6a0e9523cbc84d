"""Accounts and schools, as the server's administrator makes them."""

from sqlalchemy import Connection, func, insert, select, update

from rollbook.contract.feed import Change
from rollbook.contract.scope import ScopeChange, entry_of
from rollbook.domain.clock import Clock
from rollbook.domain.ids import IdSource
from rollbook.domain.registry import ENTITIES
from rollbook.domain.roles import Role
from rollbook.domain.scope import as_text, scopes_of_role
from rollbook.server.auth.repository import folded, new_password, user_by_name
from rollbook.server.sync.addressed import tell
from rollbook.server.sync.push import random_mark
from rollbook.server.sync.sums import note_versions
from rollbook.server.sync.write import advance_head, feed_row
from rollbook.server.tables import app_user, feed, membership, school, school_feed

BY_THE_SERVER = "rollbook-server"


def school_named(connection: Connection, name: str) -> str | None:
    """The id of the school of that name."""
    found: str | None = connection.execute(select(school.c.id).where(school.c.name == name)).scalar()
    return found


def school_names(connection: Connection) -> list[str]:
    """The names of all schools, in the order of their making."""
    return list(connection.execute(select(school.c.name).order_by(school.c.created_at)).scalars())


def make_school(connection: Connection, clock: Clock, new_id: IdSource, name: str) -> str:
    """A new school with its feed, in which it stands first; gives its id."""
    school_id = new_id()
    now = clock.now().isoformat(timespec="milliseconds")
    values = dict.fromkeys(ENTITIES["school"].names) | {"name": name}
    made = {"created_at": now, "created_by": BY_THE_SERVER, "updated_at": now, "updated_by": BY_THE_SERVER}
    connection.execute(insert(school).values(id=school_id, version=1, **values, **made))
    connection.execute(insert(school_feed).values(school_id=school_id, head=0))
    position = advance_head(connection, school_id, 1)
    note_versions(connection, school_id, [("school", school_id, None, 1)])
    change = Change("school", school_id, 1, values, by=BY_THE_SERVER, at=now)
    connection.execute(insert(feed).values(feed_row(school_id, position, random_mark(), change)))
    return school_id


def make_user(connection: Connection, clock: Clock, new_id: IdSource, name: str, password_hash: str) -> str:
    """The user of that name with that password, new or as it was; gives its id.

    A password that is given anew ends the sessions that began with the old one.
    """
    known = user_by_name(connection, name)
    if known is not None:
        new_password(connection, known.id, password_hash)
        return known.id
    user_id = new_id()
    connection.execute(
        insert(app_user).values(
            id=user_id,
            name=name.strip(),
            folded_name=folded(name),
            password_hash=password_hash,
            created_at=clock.now().isoformat(timespec="milliseconds"),
        )
    )
    return user_id


def make_membership(connection: Connection, user_id: str, school_id: str, role: Role) -> None:
    """Give a user who does not belong to that school yet a role there."""
    count = select(func.count()).select_from(membership).where(membership.c.user_id == user_id)
    position = connection.execute(count).scalar_one()
    connection.execute(
        insert(membership).values(user_id=user_id, school_id=school_id, role=role.value, position=position)
    )


def role_of(connection: Connection, user_id: str, school_id: str) -> str | None:
    """The user's role in that school, ``None`` where they do not belong to it. Held until the commit."""
    return _membership(connection, user_id, school_id)[0]


def members(connection: Connection, school_id: str, role: str) -> int:
    """How many users have that role in the school."""
    mine = (membership.c.school_id == school_id) & (membership.c.role == role)
    return int(connection.execute(select(func.count()).select_from(membership).where(mine)).scalar_one())


def change_role(connection: Connection, clock: Clock, user_id: str, school_id: str, role: Role) -> bool:
    """Give a member of that school another role, which their desks learn from its feed (S23).

    ``False`` where they had it already. To be called last: it holds the feed's counter.
    """
    before, version = _membership(connection, user_id, school_id)
    if before == role.value:
        return False
    connection.execute(
        update(membership)
        .where(membership.c.user_id == user_id, membership.c.school_id == school_id)
        .values(role=role.value, scope_version=version + 1)
    )
    change = ScopeChange(version + 1, role.value, as_text(scopes_of_role(role.value)))
    now = clock.now().isoformat(timespec="milliseconds")
    tell(connection, school_id, user_id, entry_of(user_id, change, by=BY_THE_SERVER, at=now))
    return True


def _membership(connection: Connection, user_id: str, school_id: str) -> tuple[str | None, int]:
    row = connection.execute(
        select(membership.c.role, membership.c.scope_version)
        .where(membership.c.user_id == user_id, membership.c.school_id == school_id)
        .with_for_update()
    ).first()
    return (None, 0) if row is None else (row.role, row.scope_version)
