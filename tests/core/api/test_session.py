"""Tokens: one renewal for many, final refusal, signing out meanwhile (R1, S12)."""

import asyncio
from collections.abc import Callable

import httpx
import msgspec
import pytest

from rollbook.api.credentials import MemoryCredentials
from rollbook.contract.problems import problem
from rollbook.resilience.failures import CallFailedError, FailureKind
from support.api_clients import PAGE, SESSION, api_client, signed_in
from support.faulty_server import INSTALLATION

OURS = {"X-Rollbook-Installation": INSTALLATION}


def good(value: object) -> httpx.Response:
    return httpx.Response(
        200, headers=OURS | {"Content-Type": "application/json"}, content=msgspec.json.encode(value)
    )


def refused(code: str, **headers: str) -> httpx.Response:
    found = problem(code)
    kept = OURS | {"Content-Type": "application/problem+json"} | headers
    return httpx.Response(found.status, headers=kept, content=msgspec.json.encode(found))


class Server:
    """Knows which access token is good; renews it with the right refresh token only."""

    def __init__(self) -> None:
        self.good_token = "access-2"
        self.renewals = 0
        self.renewal_seconds = 0.01
        self.asked = 0
        self.on_renewal: Callable[[], httpx.Response] = lambda: good(SESSION)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        if request.url.path.endswith("/refresh"):
            self.renewals += 1
            await asyncio.sleep(self.renewal_seconds)
            return self.on_renewal()
        self.asked += 1
        if request.headers["Authorization"] != f"Bearer {self.good_token}":
            return refused("not-signed-in")
        return good(PAGE)


async def test_r1_an_expired_token_is_renewed_once_for_many_calls() -> None:
    server, credentials = Server(), signed_in()
    api = api_client("http://s", transport=httpx.MockTransport(server), credentials=credentials)
    pages = await asyncio.gather(*(api.changes("0", 1) for _ in range(8)))
    await api.close()
    assert len(pages) == 8
    assert server.renewals == 1
    assert (credentials.access_token(), credentials.refresh_token()) == ("access-2", "refresh-2")


async def test_r1_a_token_refused_again_after_renewal_ends_the_call() -> None:
    server = Server()
    server.good_token = "never"
    api = api_client("http://s", transport=httpx.MockTransport(server))
    with pytest.raises(CallFailedError) as caught:
        await api.changes("0", 1)
    await api.close()
    assert caught.value.code == "not-signed-in"
    assert (server.renewals, server.asked) == (1, 2)


@pytest.mark.parametrize("code", ["not-signed-in", "wrong-credentials"])
async def test_s12_a_session_finally_refused_is_signed_out(code: str) -> None:
    server, credentials = Server(), signed_in()
    server.on_renewal = lambda: refused(code)
    api = api_client("http://s", transport=httpx.MockTransport(server), credentials=credentials)
    with pytest.raises(CallFailedError) as caught:
        await api.changes("0", 1)
    await api.close()
    assert (caught.value.code, caught.value.kind) == ("not-signed-in", FailureKind.CLIENT)
    assert credentials.refresh_token() is None
    assert api.connection().state == "signed_out"


async def test_s12_a_renewal_that_fails_for_the_moment_keeps_the_session() -> None:
    server, credentials = Server(), signed_in()
    server.on_renewal = lambda: refused("database-unavailable")
    api = api_client("http://s", transport=httpx.MockTransport(server), credentials=credentials)
    with pytest.raises(CallFailedError) as caught:
        await api.changes("0", 1)
    await api.close()
    assert caught.value.code == "database-unavailable"
    assert credentials.refresh_token() == "refresh-1"


async def test_s12_who_signed_out_during_a_renewal_stays_signed_out() -> None:
    server, credentials = Server(), signed_in()

    def answer_after_sign_out() -> httpx.Response:
        credentials.clear()
        return good(SESSION)

    server.on_renewal = answer_after_sign_out
    api = api_client("http://s", transport=httpx.MockTransport(server), credentials=credentials)
    with pytest.raises(CallFailedError) as caught:
        await api.refresh()
    await api.close()
    assert caught.value.code == "not-signed-in"
    assert credentials.access_token() is None


async def test_s12_who_signed_in_anew_during_a_refused_renewal_stays_signed_in() -> None:
    server, credentials = Server(), signed_in()

    def refuse_after_sign_in() -> httpx.Response:
        credentials.save("access-2", "refresh-9")
        return refused("not-signed-in")

    server.on_renewal = refuse_after_sign_in
    api = api_client("http://s", transport=httpx.MockTransport(server), credentials=credentials)
    with pytest.raises(CallFailedError):
        await api.refresh()
    await api.close()
    assert credentials.refresh_token() == "refresh-9"


async def test_s12_signing_in_keeps_the_pair_and_is_one_attempt() -> None:
    credentials = MemoryCredentials()
    asked: list[httpx.Request] = []

    def serve(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return good(SESSION) if len(asked) == 2 else refused("database-busy")

    api = api_client("http://s", transport=httpx.MockTransport(serve), credentials=credentials)
    with pytest.raises(CallFailedError):
        await api.sign_in("registrar", "secret")
    assert len(asked) == 1
    assert (await api.sign_in("registrar", "secret")).user_id == "u"
    await api.close()
    assert credentials.refresh_token() == "refresh-2"
    assert "Authorization" not in asked[1].headers


async def test_r4_wrong_passwords_and_their_limit_say_nothing_of_the_server() -> None:
    """A name's own limit neither opens the breaker nor holds another call."""

    def serve(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/sign-in"):
            return refused("too-many-requests", **{"Retry-After": "300"})
        return good({"installation": INSTALLATION, "protocol": 1, "version": "1"})

    api = api_client("http://s", transport=httpx.MockTransport(serve))
    for _ in range(12):
        with pytest.raises(CallFailedError) as caught:
            await api.sign_in("registrar", "guess")
        assert (caught.value.code, caught.value.retry_after) == ("too-many-requests", 300.0)
    assert (await api.probe()).protocol == 1
    await api.close()
    assert api.breaker.state == "closed"


async def test_s12_signing_out_ends_it_here_even_when_the_server_is_away() -> None:
    def away(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    credentials = signed_in()
    api = api_client("http://s", transport=httpx.MockTransport(away), credentials=credentials)
    await api.sign_out()
    await api.close()
    assert credentials.access_token() is None
    with pytest.raises(CallFailedError) as caught:
        await api.push(b"{}")
    assert caught.value.code == "not-signed-in"
