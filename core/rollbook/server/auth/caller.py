"""Who is asking, for which school, and whether they may (403 is for rights, 401 for identity)."""

from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Connection

from rollbook.contract.session import Membership
from rollbook.domain.clock import Clock
from rollbook.domain.entity import Values
from rollbook.domain.roles import Right, rights_of
from rollbook.domain.scope import Act, Scope, scopes_of
from rollbook.server.auth import repository
from rollbook.server.auth.tokens import Bearer, bearer_of, not_signed_in
from rollbook.server.database import Database
from rollbook.server.installation import KnownInstallation
from rollbook.server.problems import ProblemError
from rollbook.server.request_context import current


@dataclass(frozen=True, slots=True)
class User:
    """A signed-in user and what they are in each of their schools."""

    id: str
    name: str
    memberships: tuple[Membership, ...]

    def has_anywhere(self, right: Right) -> bool:
        """Whether the user has ``right`` in one of their schools."""
        return any(right in rights_of(item.role) for item in self.memberships)


@dataclass(frozen=True, slots=True)
class Caller:
    """A user who asks something of one school."""

    user_id: str
    user_name: str
    school_id: str
    rights: frozenset[Right]
    narrowed_to: frozenset[Scope] | None = None

    @property
    def scopes(self) -> frozenset[Scope]:
        """What the caller may see and write: what their rights give, unless it is narrowed."""
        return scopes_of(self.rights) if self.narrowed_to is None else self.narrowed_to

    def may(self, act: Act, entity: str) -> tuple[Scope, ...]:
        """The scopes by which the caller may do ``act`` with records of ``entity``; none: they may not."""
        return _of(self.scopes, act, entity)

    def covers(self, act: Act, entity: str, record_id: str, values: Values) -> bool:
        """Whether the caller may do ``act`` with this record."""
        return any(scope.covers(record_id, values) for scope in self.may(act, entity))

    def require(self, right: Right) -> None:
        """Raise :class:`ProblemError` ``forbidden`` where the role does not have ``right``."""
        if right not in self.rights:
            raise ProblemError("forbidden")


@lru_cache(maxsize=256)  # asked several times for each operation of a push
def _of(scopes: frozenset[Scope], act: Act, entity: str) -> tuple[Scope, ...]:
    return tuple(scope for scope in scopes if scope.act is act and scope.entity == entity)


class Callers:
    """Finds out who is asking. Memberships are read each time: a withdrawn right ends at once."""

    def __init__(self, database: Database, installation: KnownInstallation, clock: Clock) -> None:
        self._database = database
        self._installation = installation
        self._clock = clock

    def user(self, token: str) -> User:
        """The user whom an access token names. Raises :class:`ProblemError` ``not-signed-in``."""
        if not token:
            raise not_signed_in("The request carries no access token.")
        bearer = bearer_of(token, self._installation.get(), self._clock)
        user = self._database.read(lambda connection: _read_user(connection, bearer))
        current().user_id = user.id
        return user

    def caller(self, token: str, school_id: str | None) -> Caller:
        """The user in ``school_id``, or in their first school. Raises ``forbidden`` if they are in none."""
        user = self.user(token)
        found = next((item for item in user.memberships if school_id in (None, "", item.school_id)), None)
        if found is None:
            raise ProblemError("forbidden", "You belong to no such school.")
        current().school_id = found.school_id
        return Caller(user.id, user.name, found.school_id, rights_of(found.role))


def _read_user(connection: Connection, bearer: Bearer) -> User:
    row = repository.user_by_id(connection, bearer.user_id)
    if row is None or row.disabled:
        raise not_signed_in("The account is closed.")
    if row.session_number != bearer.session_number:
        raise not_signed_in("The password was changed; sign in again.")
    if bearer.family and repository.has_ended(connection, bearer.family):
        raise not_signed_in("This session was ended; sign in again.")
    return User(row.id, row.name, repository.memberships_of(connection, row.id))
