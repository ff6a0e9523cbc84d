"""One renewal for all that need it, however it ends and whoever gives up (R1, R3, S12)."""

import asyncio

import httpx
import pytest

from core.api.test_session import Server, refused
from rollbook.domain.clock import SystemClock
from rollbook.resilience.deadline import Deadline, under
from rollbook.resilience.failures import CallFailedError
from support.api_clients import api_client, signed_in


async def test_r1_twenty_refused_calls_make_one_renewal() -> None:
    server = Server()
    api = api_client("http://s", transport=httpx.MockTransport(server))
    pages = await asyncio.gather(*(api.changes("0", 1) for _ in range(20)))
    await api.close()
    assert len(pages) == 20
    assert (server.renewals, server.asked) == (1, 40)


async def test_r3_a_failing_renewal_is_not_repeated_by_each_that_waited_for_it() -> None:
    server, credentials = Server(), signed_in()
    server.on_renewal = lambda: refused("database-unavailable")
    api = api_client("http://s", transport=httpx.MockTransport(server), credentials=credentials)
    failures = await asyncio.gather(*(api.push(b"{}") for _ in range(20)), return_exceptions=True)
    await api.close()
    assert server.renewals == 1
    assert {failure.code for failure in failures if isinstance(failure, CallFailedError)} == {
        "database-unavailable"
    }
    assert credentials.refresh_token() == "refresh-1"  # for the moment only: still signed in
    assert api.connection().state != "signed_out"


async def test_s12_the_new_pair_is_kept_although_the_caller_gave_up() -> None:
    server, credentials = Server(), signed_in()
    api = api_client("http://s", transport=httpx.MockTransport(server), credentials=credentials)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.005):
            await api.refresh()
    await asyncio.sleep(0.05)
    await api.close()
    assert server.renewals == 1
    assert (credentials.access_token(), credentials.refresh_token()) == ("access-2", "refresh-2")


async def test_s12_a_renewal_can_fail_and_be_tried_again() -> None:
    server, credentials = Server(), signed_in()
    good, server.on_renewal = server.on_renewal, lambda: refused("database-busy")
    api = api_client("http://s", transport=httpx.MockTransport(server), credentials=credentials)
    with pytest.raises(CallFailedError):
        await api.refresh()
    server.on_renewal = good
    await api.refresh()
    await api.close()
    assert credentials.access_token() == "access-2"


async def test_r2_who_waits_for_a_renewal_waits_no_longer_than_its_own_deadline() -> None:
    server = Server()
    api = api_client("http://s", transport=httpx.MockTransport(server))
    deadline = Deadline(SystemClock(), 0.03)
    server.renewal_seconds = 0.2
    with pytest.raises(CallFailedError) as caught, under(deadline):
        await api.push(b"{}")
    await asyncio.sleep(0.25)
    await api.changes("0", 1)  # with the pair that came meanwhile
    await api.close()
    assert (caught.value.code, caught.value.outcome_unknown) == ("timeout", False)
    assert server.renewals == 1
