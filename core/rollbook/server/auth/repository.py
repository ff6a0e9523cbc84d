"""The rows of users, memberships, tokens and failed sign-ins."""

import hashlib
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from rollbook.contract.session import Membership
from rollbook.server.tables import app_user, membership, refresh_token, school, sign_in_failure


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user as kept; one that is ``disabled`` may not sign in.

    ``session_number`` is part of each of the user's tokens: those with another have ended.
    """

    id: str
    name: str
    password_hash: str
    disabled: bool
    session_number: int = 0


@dataclass(frozen=True, slots=True)
class RefreshRow:
    """A refresh token as kept; times are in seconds since 1970."""

    hash: bytes
    user_id: str
    family: str
    device: str
    expires_at: int
    used_at: int | None
    revoked: bool
    session_number: int


def folded(name: str) -> str:
    """The form by which a name is found: signing in does not tell capitals apart."""
    return unicodedata.normalize("NFKC", name.replace("\x00", "")).strip().casefold()


def user_by_name(connection: Connection, name: str) -> UserRow | None:
    """The user of that name."""
    return _user(connection, app_user.c.folded_name == folded(name))


def user_by_id(connection: Connection, user_id: str) -> UserRow | None:
    """The user of that id."""
    return _user(connection, app_user.c.id == user_id)


def _user(connection: Connection, condition: ColumnElement[bool]) -> UserRow | None:
    row = connection.execute(select(app_user).where(condition)).first()
    if row is None:
        return None
    return UserRow(row.id, row.name, row.password_hash, row.disabled_at is not None, row.session_number)


def memberships_of(connection: Connection, user_id: str) -> tuple[Membership, ...]:
    """What the user is in each school, the first one first."""
    rows = connection.execute(
        select(membership.c.school_id, school.c.name, membership.c.role)
        .join(school, school.c.id == membership.c.school_id)
        .where(membership.c.user_id == user_id)
        .order_by(membership.c.position, membership.c.school_id)
    )
    return tuple(Membership(school_id=row.school_id, school_name=row.name, role=row.role) for row in rows)


def members_of(connection: Connection, schools: Collection[str], user_ids: Collection[str]) -> set[str]:
    """Those of ``user_ids`` who belong to one of ``schools``."""
    rows = connection.execute(
        select(membership.c.user_id).where(
            membership.c.school_id.in_(sorted(schools)), membership.c.user_id.in_(sorted(user_ids))
        )
    )
    return set(rows.scalars())


def school_ids(connection: Connection) -> set[str]:
    """Every school that there is."""
    return set(connection.execute(select(school.c.id)).scalars())


def new_password(connection: Connection, user_id: str, hashed: str) -> None:
    """Give the user another password; every session that began with the old one has ended by this."""
    connection.execute(
        update(app_user)
        .where(app_user.c.id == user_id)
        .values(password_hash=hashed, session_number=app_user.c.session_number + 1)
    )


def add_refresh_token(connection: Connection, row: RefreshRow) -> None:
    """Keep a new refresh token."""
    connection.execute(
        insert(refresh_token).values(
            hash=row.hash,
            user_id=row.user_id,
            family=row.family,
            device=row.device,
            expires_at_seconds=row.expires_at,
            session_number=row.session_number,
        )
    )


def refresh_token_locked(connection: Connection, hashed: bytes) -> RefreshRow | None:
    """The token, held so that two askers do not both use it."""
    row = connection.execute(
        select(refresh_token).where(refresh_token.c.hash == hashed).with_for_update()
    ).first()
    if row is None:
        return None
    return RefreshRow(
        hash=row.hash,
        user_id=row.user_id,
        family=row.family,
        device=row.device,
        expires_at=row.expires_at_seconds,
        used_at=row.used_at_seconds,
        revoked=row.revoked_at_seconds is not None,
        session_number=row.session_number,
    )


def mark_used(connection: Connection, hashed: bytes, now: int) -> None:
    """Note that the token has been exchanged for a new pair."""
    connection.execute(
        update(refresh_token).where(refresh_token.c.hash == hashed).values(used_at_seconds=now)
    )


def is_succeeded(connection: Connection, row: RefreshRow) -> bool:
    """Whether another token of the family has been used since: an answer with one has surely come."""
    later = select(refresh_token.c.hash).where(
        refresh_token.c.family == row.family,
        refresh_token.c.hash != row.hash,
        refresh_token.c.used_at_seconds >= row.used_at,
    )
    return connection.execute(later.limit(1)).first() is not None


def has_ended(connection: Connection, family: str) -> bool:
    """Whether all of that sign-in was ended: signed out, or revoked.

    One of which nothing is known was made after the backup that was put back: it holds for its short time, so
    that the computer can give back what is lost (S22).
    """
    revoked = refresh_token.c.revoked_at_seconds.is_not(None)
    query = select(revoked).where(refresh_token.c.family == family).order_by(revoked).limit(1)
    return bool(connection.execute(query).scalar())


def revoke_device(connection: Connection, school_id: str, device: str, now: int) -> int:
    """End what members of the school have signed in at that computer; gives how many tokens."""
    members = select(membership.c.user_id).where(membership.c.school_id == school_id)
    return connection.execute(
        update(refresh_token)
        .where(
            refresh_token.c.device == device,
            refresh_token.c.user_id.in_(members),
            refresh_token.c.revoked_at_seconds.is_(None),
        )
        .values(revoked_at_seconds=now)
    ).rowcount


def revoke_unused(connection: Connection, family: str, now: int) -> None:
    """End the tokens of the family that nobody has used."""
    connection.execute(
        update(refresh_token)
        .where(
            refresh_token.c.family == family,
            refresh_token.c.used_at_seconds.is_(None),
            refresh_token.c.revoked_at_seconds.is_(None),
        )
        .values(revoked_at_seconds=now)
    )


def revoke_family(connection: Connection, family: str, now: int) -> None:
    """End every token that came from the same sign-in."""
    connection.execute(
        update(refresh_token)
        .where(refresh_token.c.family == family, refresh_token.c.revoked_at_seconds.is_(None))
        .values(revoked_at_seconds=now)
    )


def forget_expired_tokens(connection: Connection, user_id: str, now: int) -> None:
    """Remove what can never be used again, so that the table stays as small as the school."""
    connection.execute(
        delete(refresh_token).where(
            refresh_token.c.user_id == user_id, refresh_token.c.expires_at_seconds < now
        )
    )


def keep_password_hash(connection: Connection, user_id: str, hashed: str) -> None:
    """Replace the user's hash by one of today's cost."""
    connection.execute(update(app_user).where(app_user.c.id == user_id).values(password_hash=hashed))


def throttle_key(kind: str, value: str) -> str:
    """The key of a name or an address; only its hash is kept."""
    return hashlib.sha256(f"{kind}:{value}".encode()).hexdigest()


def failures_since(connection: Connection, key: str, since: int) -> int:
    """How many sign-ins of ``key`` failed after ``since`` (seconds since 1970)."""
    found = connection.execute(
        select(func.count())
        .select_from(sign_in_failure)
        .where(sign_in_failure.c.key == key, sign_in_failure.c.at_seconds > since)
    )
    return int(found.scalar_one())


def add_failures(connection: Connection, rows: list[tuple[str, str]], now: int, forget_before: int) -> None:
    """Keep one failure for each (id, key), and forget the old ones."""
    connection.execute(delete(sign_in_failure).where(sign_in_failure.c.at_seconds < forget_before))
    connection.execute(
        insert(sign_in_failure), [{"id": item, "key": key, "at_seconds": now} for item, key in rows]
    )


def forget_failures(connection: Connection, key: str) -> None:
    """A sign-in that worked ends the count of its name."""
    connection.execute(delete(sign_in_failure).where(sign_in_failure.c.key == key))
