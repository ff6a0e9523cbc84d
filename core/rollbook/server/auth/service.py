"""Signing in, refreshing and signing out."""

from sqlalchemy import Connection

from rollbook.contract.problems import FieldProblem
from rollbook.contract.session import Session, SignIn
from rollbook.domain.clock import Clock
from rollbook.domain.ids import IdSource
from rollbook.server.auth import repository
from rollbook.server.auth.passwords import MAX_PASSWORD, Passwords
from rollbook.server.auth.repository import RefreshRow, UserRow
from rollbook.server.auth.tokens import Bearer, access_token, new_refresh_token, not_signed_in, token_hash
from rollbook.server.database import Database
from rollbook.server.installation import KnownInstallation
from rollbook.server.middleware.request_id import is_device
from rollbook.server.problems import ProblemError
from rollbook.server.request_context import current
from rollbook.server.settings import Settings


class AuthService:
    """What the endpoints of ``auth`` do, each in one transaction."""

    def __init__(
        self,
        database: Database,
        installation: KnownInstallation,
        settings: Settings,
        clock: Clock,
        new_id: IdSource,
    ) -> None:
        self._database = database
        self._installation = installation
        self._settings = settings
        self._clock = clock
        self._new_id = new_id
        self._passwords = Passwords(settings)

    def sign_in(self, asked: SignIn, address: str) -> Session:
        """A session for a right name and password.

        Raises :class:`ProblemError` ``wrong-credentials``, ``validation-failed`` for a device that is none,
        or ``too-many-requests`` after too many failures of the name or the address.
        """
        _check(asked)
        self._installation.get()
        keys = (
            repository.throttle_key("name", repository.folded(asked.name)),
            repository.throttle_key("address", address),
        )
        user = self._database.read(lambda connection: self._known(connection, asked.name, keys))
        kept = None if user is None or user.disabled else user.password_hash
        # Outside any transaction: the hash takes its time, and holds nobody's lock meanwhile.
        if not self._passwords.fits(kept, asked.password) or len(asked.password) > MAX_PASSWORD:
            self._database.write(lambda connection: self._note_failure(connection, keys))
            raise ProblemError("wrong-credentials")
        assert user is not None
        renewed = (
            self._passwords.hash(asked.password) if self._passwords.is_outdated(user.password_hash) else None
        )
        return self._database.write(lambda connection: self._begin(connection, user, asked, keys[0], renewed))

    def refresh(self, token: str) -> Session:
        """A new pair for a refresh token; a token used twice ends its whole family."""
        self._installation.get()
        session = self._database.write(lambda connection: self._exchange(connection, token))
        if session is None:
            raise not_signed_in("The refresh token was used before; sign in again.")
        return session

    def sign_out(self, token: str) -> None:
        """End the family of the token; an unknown one is nothing to end."""

        def end(connection: Connection) -> None:
            row = repository.refresh_token_locked(connection, token_hash(token))
            if row is not None:
                repository.revoke_family(connection, row.family, self._now())

        self._database.write(end)

    def _known(self, connection: Connection, name: str, keys: tuple[str, str]) -> UserRow | None:
        since = self._now() - int(self._settings.sign_in_window_seconds)
        limits = (self._settings.sign_in_attempts, self._settings.sign_in_attempts_per_address)
        for key, limit in zip(keys, limits, strict=True):
            if repository.failures_since(connection, key, since) >= limit:
                wait = str(max(1, int(self._settings.sign_in_window_seconds)))
                raise ProblemError("too-many-requests", headers={"Retry-After": wait})
        return repository.user_by_name(connection, name)

    def _note_failure(self, connection: Connection, keys: tuple[str, str]) -> None:
        now = self._now()
        rows = [(self._new_id(), key) for key in keys]
        repository.add_failures(connection, rows, now, now - int(self._settings.sign_in_window_seconds))

    def _begin(
        self, connection: Connection, user: UserRow, asked: SignIn, name_key: str, renewed: str | None
    ) -> Session:
        repository.forget_failures(connection, name_key)
        repository.forget_expired_tokens(connection, user.id, self._now())
        if renewed is not None:
            repository.keep_password_hash(connection, user.id, renewed)
        return self._pair(connection, user, family=self._new_id(), device=current().device or asked.device)

    def _exchange(self, connection: Connection, token: str) -> Session | None:
        """The new pair, or ``None`` where the token was used before and its family is ended by this."""
        row = repository.refresh_token_locked(connection, token_hash(token))
        now = self._now()
        if row is None or row.expires_at <= now:
            raise not_signed_in("The refresh token is not valid.")
        if row.revoked or (row.used_at is not None and not self._answer_was_lost(connection, row, now)):
            repository.revoke_family(connection, row.family, now)
            return None
        user = repository.user_by_id(connection, row.user_id)
        if user is None or user.disabled:
            raise not_signed_in("The account is closed.")
        if user.session_number != row.session_number:
            raise not_signed_in("The password was changed; sign in again.")
        repository.mark_used(connection, row.hash, now)
        if row.used_at is None:
            # Whoever shows it has it: what was given for the same earlier token beside it, nobody has.
            repository.revoke_unused(connection, row.family, now)
        return self._pair(connection, user, family=row.family, device=row.device)

    def _answer_was_lost(self, connection: Connection, row: RefreshRow, now: int) -> bool:
        """Whether the same computer asks again as the first answer never came: a moment later, or any time.

        It may be a request that arrives late, or somebody who copied the token: there are two pairs then. The
        first that is used ends the other, and when that is shown, the whole family ends.
        """
        assert row.used_at is not None
        if not row.device or row.device != current().device:
            return False
        if now - row.used_at <= self._settings.refresh_grace_seconds:
            return True
        return not repository.is_succeeded(connection, row)

    def _pair(self, connection: Connection, user: UserRow, *, family: str, device: str) -> Session:
        token = new_refresh_token()
        expires_at = self._now() + int(self._settings.refresh_token_seconds)
        repository.add_refresh_token(
            connection,
            RefreshRow(
                hash=token_hash(token),
                user_id=user.id,
                family=family,
                device=device,
                expires_at=expires_at,
                used_at=None,
                revoked=False,
                # As it was when the password was checked: one that was given anew meanwhile ends this too.
                session_number=user.session_number,
            ),
        )
        seconds = self._settings.access_token_seconds
        current().user_id = user.id
        return Session(
            access_token=access_token(
                self._installation.get(),
                self._clock,
                Bearer(user.id, user.session_number, family),
                seconds,
            ),
            refresh_token=token,
            expires_in=int(seconds),
            user_id=user.id,
            user_name=user.name,
            memberships=repository.memberships_of(connection, user.id),
        )

    def _now(self) -> int:
        return int(self._clock.now().timestamp())


def _check(asked: SignIn) -> None:
    """A computer's id is kept as it comes, so it must be one; a name is only looked for."""
    if asked.device and not is_device(asked.device):
        wrong = FieldProblem(field="device", message="This is no computer's id.", code="wrong-form")
        raise ProblemError("validation-failed", errors=(wrong,))
