"""A server that asks to wait holds the whole client (R3, S9)."""

from email.utils import format_datetime

import httpx
import pytest

from core.api.test_session import OURS, good, refused
from rollbook.api.translate import retry_after
from rollbook.resilience.failures import CallFailedError
from support.api_clients import PAGE, api_client
from support.settable_clock import START, SettableClock

IN_A_MINUTE = format_datetime(START.replace(minute=1), usegmt=True)


@pytest.mark.parametrize("form", ["60", IN_A_MINUTE])
@pytest.mark.parametrize("code", ["too-many-requests", "overloaded"])
async def test_s9_both_forms_of_retry_after_hold_every_call(form: str, code: str) -> None:
    asked: list[str] = []

    def serve(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return refused(code, **{"Retry-After": form}) if len(asked) == 1 else good(PAGE)

    clock = SettableClock()
    api = api_client("http://s", clock=clock, transport=httpx.MockTransport(serve))
    with pytest.raises(CallFailedError) as first:
        await api.push(b"{}")
    clock.advance(20.0)
    with pytest.raises(CallFailedError) as held:
        await api.changes("0", 1)
    assert (first.value.retry_after, held.value.retry_after) == (60.0, 40.0)
    assert (held.value.code, held.value.was_made, held.value.outcome_unknown) == (code, False, False)
    assert api.connection().next_attempt_in == 40.0
    assert len(asked) == 1
    clock.advance(40.0)
    assert (await api.changes("0", 1)).cursor == "1.a"
    await api.close()


async def test_s9_a_shorter_wish_does_not_shorten_a_hold_nor_a_wild_one_last_for_days() -> None:
    wishes = iter(["999999999999999", "1"])

    def serve(_request: httpx.Request) -> httpx.Response:
        return refused("overloaded", **{"Retry-After": next(wishes)})

    clock = SettableClock()
    api = api_client(
        "http://s", clock=clock, transport=httpx.MockTransport(serve), longest_hold_seconds=100.0
    )
    with pytest.raises(CallFailedError):
        await api.push(b"{}")
    assert api.connection().next_attempt_in == 100.0
    clock.advance(99.0)
    with pytest.raises(CallFailedError) as held:
        await api.push(b"{}")
    await api.close()
    assert held.value.retry_after == pytest.approx(1.0)


async def test_r4_a_hold_is_not_counted_by_the_breaker() -> None:
    clock = SettableClock()
    wish = refused("overloaded", **{"Retry-After": "30"})
    api = api_client("http://s", clock=clock, transport=httpx.MockTransport(lambda _request: wish))
    for _ in range(20):
        with pytest.raises(CallFailedError):
            await api.push(b"{}")
    await api.close()
    assert api.breaker.state == "closed"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        (" 7 ", 7.0),
        (IN_A_MINUTE, 60.0),
        (format_datetime(START.replace(year=2020), usegmt=True), 0.0),
        ("Tue, 01 Sep 2026 08:00:30", 30.0),  # no zone: taken as UTC
    ],
)
def test_r3_retry_after_is_read_or_passed_over(text: str | None, seconds: float | None) -> None:
    assert retry_after(text, START) == seconds


async def test_r5_a_server_that_is_slow_is_degraded() -> None:
    clock = SettableClock()

    def slow(_request: httpx.Request) -> httpx.Response:
        clock.advance(12.0)
        return httpx.Response(200, headers=OURS | {"Content-Type": "application/json"}, json=PAGE)

    api = api_client(
        "http://s", clock=clock, transport=httpx.MockTransport(slow), request_timeout_seconds=60.0
    )
    await api.changes("0", 1)
    await api.close()
    assert (api.connection().state, api.connection().reason) == ("degraded", "server_slow")
