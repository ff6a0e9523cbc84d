"""The signed-in session: its tokens, their renewal, its end (R1, S12)."""

import asyncio

import msgspec

from rollbook.api.credentials import Credentials
from rollbook.api.guard import Guard
from rollbook.api.transport import Answer, Call, Transport
from rollbook.contract.session import Refresh, Session, SignIn
from rollbook.domain.clock import Clock
from rollbook.resilience.deadline import Deadline
from rollbook.resilience.failures import CallFailedError, FailureKind
from rollbook.resilience.settings import ResilienceSettings

_PATH = "/api/v1/auth/"
_REFUSED = ("not-signed-in", "wrong-credentials")


class SessionKeeper:
    """Keeps the pair of tokens fresh. Used within one asyncio loop."""

    def __init__(
        self,
        transport: Transport,
        guard: Guard,
        credentials: Credentials,
        *,
        settings: ResilienceSettings,
        clock: Clock,
        device: str,
    ) -> None:
        self._transport = transport
        self._guard = guard
        self._credentials = credentials
        self._settings = settings
        self._clock = clock
        self._device = device
        self._renewal: asyncio.Task[str] | None = None

    def token(self) -> str:
        """The access token. Raises :class:`CallFailedError` ``not-signed-in``."""
        token = self._credentials.access_token()
        if token is None:
            raise _signed_out()
        return token

    async def sign_in(self, name: str, password: str) -> Session:
        """Sign in and keep the tokens: one attempt; a person waits for it."""
        body = msgspec.json.encode(SignIn(name=name, password=password, device=self._device))
        call = Call("POST", _PATH + "sign-in", Session, body=body)
        session = (await self._guard.call_for_person(lambda: self._first(call))).value
        self._credentials.save(session.access_token, session.refresh_token)
        return session

    async def renewed(self, used: str | None) -> str:
        """A new access token in place of ``used``; many that find the old one expired renew it once.

        The renewal goes on when a caller gives up: its answer is the only pair that the server still takes.
        """
        token = self.token()
        if token != used:
            return token
        if self._renewal is None:
            self._renewal = asyncio.create_task(self._renew())
            self._renewal.add_done_callback(self._renewal_ended)
        return await asyncio.shield(self._renewal)

    async def sign_out(self) -> None:
        """End the session here, and at the server if it can be reached."""
        token, refresh = self._credentials.access_token(), self._credentials.refresh_token()
        self._credentials.clear()
        if token is None or refresh is None:
            return
        body = msgspec.json.encode(Refresh(refresh_token=refresh))
        call = Call("POST", _PATH + "sign-out", type(None), body=body)
        deadline = Deadline.after(self._clock, self._settings.connect_timeout_seconds)
        try:
            await self._guard.call(lambda: self._transport.attempt(call, deadline, token))
        except CallFailedError:
            return  # the session ends there by itself; here it has ended

    async def _renew(self) -> str:
        used = self._credentials.access_token()
        self._credentials.reload()
        token = self._credentials.access_token()
        if token is not None and token != used:
            return token  # another program of this user has renewed it already
        refresh = self._credentials.refresh_token()
        if refresh is None:
            raise _signed_out()
        return self._taken(refresh, await self._ask(refresh))

    def _renewal_ended(self, renewal: "asyncio.Task[str]") -> None:
        self._renewal = None
        if not renewal.cancelled():
            renewal.exception()  # seen, even where every caller has given up

    async def _ask(self, refresh: str) -> Session:
        body = msgspec.json.encode(Refresh(refresh_token=refresh))
        call = Call("POST", _PATH + "refresh", Session, body=body)
        # Its own time, not what the first that asked for it had left: it is for all.
        deadline = Deadline(self._clock, self._settings.request_timeout_seconds)
        try:
            return (await self._guard.call(lambda: self._transport.attempt(call, deadline, None))).value
        except CallFailedError as failure:
            if failure.code not in _REFUSED:
                raise
            if self._credentials.refresh_token() == refresh:  # else someone has signed in meanwhile
                self._credentials.expire()  # our server finally refuses the session
            raise _signed_out(failure) from failure

    def _taken(self, refresh: str, session: Session) -> str:
        """Keep the new pair, unless the person has signed out or in anew while it was on its way."""
        if self._credentials.refresh_token() == refresh:
            self._credentials.save(session.access_token, session.refresh_token)
        return self.token()

    async def _first(self, call: Call[Session]) -> Answer[Session]:
        deadline = Deadline.after(self._clock, self._settings.request_timeout_seconds)
        try:
            return await self._transport.attempt(call, deadline, None)
        except CallFailedError as failure:
            if failure.code == "too-many-requests":
                failure.kind = FailureKind.CLIENT  # too many guesses: says nothing about the server
            raise


def _signed_out(failure: CallFailedError | None = None) -> CallFailedError:
    return CallFailedError(
        FailureKind.CLIENT,
        "not-signed-in",
        "Sign in again; entries are kept.",
        request_id=failure.request_id if failure else None,
        problem=failure.problem if failure else None,
    )
