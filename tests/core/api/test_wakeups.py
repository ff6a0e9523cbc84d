"""The stream that says that there is more (S19), over a real socket."""

import asyncio
import json

import pytest

from rollbook.api.exchange import Exchange
from rollbook.resilience.failures import CallFailedError
from support.api_clients import SESSION, api_client, signed_in
from support.faulty_server import (
    Answering,
    FaultyServer,
    answer,
    html_page,
    raw,
    refuse,
    response,
    then_hang,
)

HEAD = response(media="text/event-stream", body=b"", length=10_000)
TWO = b"event: more\ndata: {}\n\n: still here\n\nevent: more\ndata: {}\n\n"


async def test_s19_each_event_wakes_and_a_heartbeat_does_not() -> None:
    async with FaultyServer(then_hang(HEAD + TWO)) as server:
        api = api_client(server.url)
        woken = 0

        async def listen() -> None:
            nonlocal woken
            async for _more in api.events():
                woken += 1

        task = asyncio.create_task(listen())
        while woken < 2:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await api.close()
    assert woken == 2
    sent = server.requests[0].headers
    assert "x-rollbook-deadline-ms" not in sent  # it stays open for as long as it may
    assert sent["accept"] == "text/event-stream"


async def test_s19_an_expired_token_is_renewed_for_the_stream_too() -> None:
    body = json.dumps(SESSION).encode()
    whole = response(media="text/event-stream", body=TWO)
    async with FaultyServer(refuse(401, "not-signed-in"), raw(response(body=body)), raw(whole)) as server:
        credentials = signed_in()
        api = api_client(server.url, credentials=credentials)
        woken = [more async for more in api.events()]
        await api.close()
    assert len(woken) == 2
    assert server.requests[2].headers["authorization"] == "Bearer access-2"


@pytest.mark.parametrize(
    ("answering", "code"),
    [
        (refuse(403, "forbidden"), "forbidden"),
        (refuse(503, "overloaded"), "overloaded"),
        (html_page(), "not-our-server"),
        (answer(value={}), "unreadable-answer"),
        (raw(response(media="text/event-stream", body=TWO, length=500)), "unreadable-answer"),
        (then_hang(), "timeout"),
        (then_hang(HEAD), "timeout"),
    ],
)
async def test_s19_a_stream_that_cannot_be_says_why(answering: Answering, code: str) -> None:
    async with FaultyServer(answering) as server:
        api = api_client(server.url, live_opening_seconds=0.5 if code == "timeout" else 20.0)
        with pytest.raises(CallFailedError) as caught:
            async for _more in api.events():
                pass
        await api.close()
    assert caught.value.code == code


async def test_r16_each_attempt_is_observed_with_its_route_and_no_id_in_it() -> None:
    seen: list[Exchange] = []
    async with FaultyServer(answer(value={"n": 1}), refuse(404, "not-found")) as server:
        api = api_client(server.url, observer=seen.append)
        found = await api.get_json("/api/v1/students/{id}", "/api/v1/students/4711", {"x": 1})
        with pytest.raises(CallFailedError) as caught:
            await api.get_json("/api/v1/students/{id}", "/api/v1/students/4712")
        await api.close()
    assert found.data == b'{"n": 1}'
    assert [(each.route, each.status, each.outcome, each.error) for each in seen] == [
        ("/api/v1/students/{id}", 200, "ok", None),
        ("/api/v1/students/{id}", 404, "client", "not-found"),
    ]
    assert [each.request_id for each in seen] == [found.request_id, caught.value.request_id]
    assert server.requests[0].target == "/api/v1/students/4711?x=1"
    trace = server.requests[0].headers["traceparent"].split("-")
    assert trace == ["00", found.request_id.replace("-", ""), found.request_id.replace("-", "")[16:], "01"]
