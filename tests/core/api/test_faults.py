"""What a broken network or a stranger does to a call, over a real socket (R1, R2, S9, S10)."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from rollbook.api.client import ApiClient
from rollbook.resilience.failures import CallFailedError, FailureKind
from support.api_clients import PAGE, SERVER_INFO, api_client
from support.faulty_server import (
    Answering,
    FaultyServer,
    answer,
    cut_short,
    hang_up,
    html_page,
    raw,
    refuse,
    reset,
    response,
    slow_drip,
    then_hang,
    truncated,
)
from support.server_process import free_port

PUSHED = {"results": []}


@contextlib.asynccontextmanager
async def facing(*answers: Answering, **given: Any) -> AsyncIterator[tuple[FaultyServer, ApiClient]]:
    async with FaultyServer(*answers) as server:
        api = api_client(server.url, **given)
        try:
            yield server, api
        finally:
            await api.close()


async def failure_of(call: Any) -> CallFailedError:
    with pytest.raises(CallFailedError) as caught:
        await call
    return caught.value


async def test_a_good_answer_is_read() -> None:
    async with facing(answer(value=SERVER_INFO), answer(value=PUSHED)) as (server, api):
        assert (await api.probe()).installation == SERVER_INFO["installation"]
        pushed = await api.push(b'{"operations":[]}', action_id="action-12345")
        sent = server.requests[1]
    assert pushed.request_id == sent.headers["x-request-id"]
    assert sent.headers["x-rollbook-action"] == "action-12345"
    assert sent.headers["x-rollbook-device"] == "device-1"
    assert sent.body == b'{"operations":[]}'


async def test_r2_slow_drip_is_cut_at_the_deadline() -> None:
    async with facing(slow_drip(SERVER_INFO, 0.05), request_timeout_seconds=0.4) as (_, api):
        began = time.monotonic()
        failure = await failure_of(api.push(b"{}"))
    assert time.monotonic() - began < 6.0  # each read alone is quick; the whole would take 10 s
    assert (failure.kind, failure.code, failure.outcome_unknown) == (FailureKind.TRANSIENT, "timeout", True)


async def test_r2_deadline_travels_with_the_request() -> None:
    async with facing(answer(value=PUSHED), request_timeout_seconds=5.0) as (server, api):
        await api.push(b"{}")
    assert 3_000 < int(server.requests[0].headers["x-rollbook-deadline-ms"]) <= 5_000


WRITE_FAULTS: list[tuple[str, Answering, str]] = [
    ("reset", reset, "unreachable"),
    ("hang up", hang_up, "unreadable-answer"),
    ("hang", then_hang(), "timeout"),
    ("half an answer, then nothing", then_hang(response(body=b"{", length=99)), "timeout"),
    ("truncated JSON", truncated(PUSHED), "unreadable-answer"),
    ("cut short", cut_short(PUSHED), "unreadable-answer"),
    ("JSON of another shape", answer(value={"results": 3}), "unreadable-answer"),
    ("no UTF-8", raw(response(body=b'{"results":["\xff"]}')), "unreadable-answer"),
    ("our server, but a page", html_page(installation="installation-1"), "unreadable-answer"),
    ("captive portal", html_page(), "not-our-server"),
    ("captive portal that redirects", html_page(302), "not-our-server"),
    ("captive portal in JSON", answer(value=PUSHED, installation=None), "not-our-server"),
    ("another Rollbook", answer(value=PUSHED, installation="installation-2"), "another-installation"),
    ("no HTTP", raw(b"SSH-2.0-OpenSSH_9\r\n"), "unreadable-answer"),
    ("deadline of the server", refuse(504, "deadline-exceeded"), "deadline-exceeded"),
    ("database gone", refuse(503, "database-unavailable"), "database-unavailable"),
    ("a proxy's 502 under our name", html_page(502, "installation-1"), "http-502"),
    ("internal error", refuse(500, "internal-error"), "internal-error"),
]


@pytest.mark.parametrize(("answering", "code"), [pytest.param(a, c, id=n) for n, a, c in WRITE_FAULTS])
async def test_r2_a_write_that_may_have_arrived_is_unknown(answering: Answering, code: str) -> None:
    limit = 1.0 if code == "timeout" else 20.0
    async with facing(answering, request_timeout_seconds=limit) as (server, api):
        failure = await failure_of(api.push(b"{}"))
        assert len(server.requests) == 1  # a write is never repeated here (S11)
    assert (failure.code, failure.outcome_unknown) == (code, True)
    assert failure.kind in (FailureKind.TRANSIENT, FailureKind.SERVER)
    assert failure.request_id == server.requests[0].headers["x-request-id"]


NOT_DONE: list[tuple[Answering, str, FailureKind]] = [
    (refuse(503, "overloaded"), "overloaded", FailureKind.TRANSIENT),
    (refuse(503, "database-busy"), "database-busy", FailureKind.TRANSIENT),
    (refuse(429, "too-many-requests"), "too-many-requests", FailureKind.TRANSIENT),
    (refuse(403, "forbidden"), "forbidden", FailureKind.CLIENT),
    (refuse(413, "body-too-large"), "body-too-large", FailureKind.CLIENT),
    (refuse(400, "protocol-unsupported"), "protocol-unsupported", FailureKind.CLIENT),
    (refuse(422, "validation-failed"), "validation-failed", FailureKind.CLIENT),
]


@pytest.mark.parametrize(("answering", "code", "kind"), NOT_DONE)
async def test_r1_a_refusal_has_a_known_outcome(answering: Answering, code: str, kind: FailureKind) -> None:
    async with facing(answering) as (_, api):
        failure = await failure_of(api.push(b"{}"))
    assert (failure.code, failure.kind, failure.outcome_unknown) == (code, kind, False)
    assert failure.problem is not None


async def test_r1_refused_is_the_servers_and_nothing_was_sent() -> None:
    api = api_client(f"http://127.0.0.1:{free_port()}", has_route=lambda: False)
    failure = await failure_of(api.push(b"{}"))
    await api.close()
    assert (failure.kind, failure.code, failure.outcome_unknown) == (
        FailureKind.TRANSIENT,
        "unreachable",
        False,
    )
    assert api.connection().reason == "server_unreachable"


@pytest.mark.parametrize(
    ("route", "kind", "code"),
    [(True, FailureKind.TRANSIENT, "name-not-found"), (False, FailureKind.LOCAL, "no-network")],
)
async def test_r1_a_name_not_found_without_any_route_is_this_computers(
    route: bool, kind: FailureKind, code: str
) -> None:
    api = api_client("http://no-such-host.invalid", has_route=lambda: route, connect_timeout_seconds=5.0)
    failure = await failure_of(api.server_info())
    await api.close()
    assert (failure.kind, failure.code) == (kind, code)


async def test_r1_tls_failure_is_told_as_what_it_is() -> None:
    async with FaultyServer(answer(value=SERVER_INFO), listens=False) as server:  # speaks no TLS
        api = api_client(f"https://127.0.0.1:{server.port}")
        failure = await failure_of(api.server_info())
        await api.close()
    assert (failure.kind, failure.code) == (FailureKind.TRANSIENT, "tls-failed")


@pytest.mark.parametrize(
    "url",
    ["school.example", "ftp://school.example", "http://school.example:99999", "http://[", "http://", ""],
)
async def test_r1_a_wrong_address_is_said_to_be_one(url: str) -> None:
    api = api_client(url)
    failure = await failure_of(api.server_info())
    await api.close()
    assert (failure.kind, failure.code) == (FailureKind.CLIENT, "address-invalid")


async def test_s10_a_login_page_at_connect_says_what_to_do() -> None:
    async with facing(html_page(), installation=None) as (_, api):
        failure = await failure_of(api.server_info())
    assert failure.code == "not-our-server"
    assert "sign in to it in a browser" in failure.detail
    assert api.connection().reason == "not_our_server"


@pytest.mark.parametrize(
    ("status", "code"), [(401, "not-our-server"), (429, "not-our-server"), (503, "gateway-error")]
)
async def test_s10_a_strangers_refusal_is_not_ours(status: int, code: str) -> None:
    """A proxy that answers 401 or 503 neither signs out nor holds the client."""
    stranger = refuse(status, "not-signed-in", installation=None, Retry_After="3000")
    async with facing(stranger, answer(value=PAGE)) as (server, api):
        failure = await failure_of(api.push(b"{}"))
        assert failure.code == code
        assert (await api.changes("0", 1)).cursor == "1.a"
    assert len(server.requests) == 2


@pytest.mark.parametrize("fault", [reset, hang_up, refuse(503, "database-busy"), truncated(PAGE)])
async def test_r3_a_read_is_tried_again(fault: Answering) -> None:
    async with facing(answer(value=SERVER_INFO), fault, fault, answer(value=PAGE)) as (server, api):
        await api.probe()
        assert (await api.changes("0", 1)).cursor == "1.a"
    ids = [asked.headers["x-request-id"] for asked in server.requests]
    assert len(set(ids)) == 4  # each attempt has an id of its own (R16)


@pytest.mark.parametrize("refusal", [(403, "forbidden"), (404, "not-found"), (500, "internal-error")])
async def test_r3_a_refused_read_is_not_tried_again(refusal: tuple[int, str]) -> None:
    async with facing(answer(value=SERVER_INFO), refuse(*refusal)) as (server, api):
        await api.probe()
        failure = await failure_of(api.get_json("/api/v1/students/{id}", "/api/v1/students/7"))
    assert failure.code == refusal[1]
    assert len(server.requests) == 2


async def test_r4_five_failures_open_the_breaker_and_no_more_is_asked() -> None:
    async with facing(reset, breaker_recovery_seconds=60.0) as (server, api):
        for _ in range(5):
            await failure_of(api.push(b"{}"))
        failure = await failure_of(api.push(b"{}"))
    assert (failure.code, failure.outcome_unknown) == ("breaker-open", False)
    assert len(server.requests) == 5
    assert api.connection().state == "offline"


async def test_r4_a_cancelled_call_says_nothing() -> None:
    async with facing(then_hang(), request_timeout_seconds=30.0) as (_, api):
        for _ in range(6):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.02):
                    await api.push(b"{}")
        assert api.breaker.state == "closed"


async def test_loopback_is_asked_directly_whatever_proxy_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    async with facing(answer(value=SERVER_INFO)) as (_, api):
        assert (await api.server_info()).protocol == 1
