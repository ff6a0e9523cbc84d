"""A date in ``Retry-After`` is measured by the clock of the server that wrote it (R3, S29)."""

from datetime import timedelta
from email.utils import format_datetime

import httpx
import pytest

from core.api.test_session import refused
from rollbook.resilience.failures import CallFailedError
from support.api_clients import api_client
from support.settable_clock import START, SettableClock


@pytest.mark.parametrize("hours_wrong", [-30, -2, 0, 2, 30])
async def test_s29_a_wrong_clock_here_neither_shortens_nor_lengthens_the_wait(hours_wrong: int) -> None:
    there = START + timedelta(hours=hours_wrong)
    wish = refused(
        "overloaded",
        **{
            "Date": format_datetime(there, usegmt=True),
            "Retry-After": format_datetime(there + timedelta(seconds=45), usegmt=True),
        },
    )
    api = api_client("http://s", clock=SettableClock(), transport=httpx.MockTransport(lambda _request: wish))
    with pytest.raises(CallFailedError) as caught:
        await api.push(b"{}")
    await api.close()
    assert caught.value.retry_after == 45.0
