"""The dashboard through the facade, from the real server and without it (R5, R6, R8, R10)."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import text

from rollbook.client.dashboard import DashboardView
from rollbook.client.values import Event, StatusChanged
from rollbook.domain.roles import Role
from rollbook.resilience.failures import CallFailedError
from rollbook.server.problems import ProblemError
from support.client_desk import ClientDesk
from support.school_server import SchoolServer

MakeDesk = Callable[..., ClientDesk]
_Result = TypeVar("_Result")


def asked(desk: ClientDesk) -> DashboardView:
    async def ask() -> DashboardView:
        try:
            return await desk.client.dashboard()
        finally:
            await desk.client.aclose()

    return asyncio.run(ask())


def refused(desk: ClientDesk) -> str:
    with pytest.raises(CallFailedError) as caught:
        asked(desk)
    return caught.value.code


def cache_of(desk: ClientDesk) -> Path:
    return desk.client.account.cache


def counts(view: DashboardView) -> int:
    found: int = view.parts["students"].data["count"]
    return found


@pytest.fixture
def shown(desk: ClientDesk) -> ClientDesk:
    """A desk that has seen the dashboard of a school with two students."""
    desk.add(given_name="Eleni")
    desk.add(given_name="Nikos")
    desk.sync()
    assert counts(asked(desk)) == 2
    return desk


def test_r8_dashboard_is_the_servers_while_it_answers(shown: ClientDesk) -> None:
    shown.add(given_name="Maria")
    shown.sync()
    view = asked(shown)
    assert (counts(view), view.stale, view.reason) == (3, False, "")
    assert {name: part.status for name, part in view.parts.items()} == {
        "students": "ok",
        "grade_levels": "ok",
        "weather": "unavailable",
    }
    assert view.parts["weather"].reason == "not-set-up"
    assert cache_of(shown).stat().st_mode & 0o777 == 0o700


def test_r8_dashboard_offline_is_the_last_known_and_says_so(shown: ClientDesk) -> None:
    before = asked(shown)
    shown.network.down = True
    view = asked(shown)
    assert (counts(view), view.stale, view.reason) == (2, True, "unreachable")
    assert view.as_of == before.as_of
    for name in ("students", "grade_levels"):
        part = view.parts[name]
        assert (part.status, part.reason) == ("stale", "unreachable")
        assert part.as_of == before.parts[name].as_of


def test_r8_a_part_says_how_old_it_is_here_and_at_the_server_together(
    shown: ClientDesk, school: SchoolServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise ProblemError("database-busy")

    monkeypatch.setattr("rollbook.server.dashboard.endpoints.counts_by_grade_level", away)
    school.clock.advance(40)
    before = asked(shown).parts["grade_levels"]
    assert (before.status, before.reason, before.age_seconds) == ("stale", "database-busy", 40)
    shown.network.down = True
    view = asked(shown)
    here = view.age_seconds  # by this computer's own clock
    assert (view.parts["students"].age_seconds, view.parts["grade_levels"].age_seconds) == (here, here + 40)


def test_r8_dashboard_is_there_after_a_restart_without_network(shown: ClientDesk) -> None:
    shown.network.down = True
    shown.crash()
    assert counts(asked(shown)) == 2


def test_r8_dashboard_that_was_never_seen_is_the_networks_failure(desk: ClientDesk) -> None:
    desk.network.down = True
    assert refused(desk) == "unreachable"


def test_r8_sign_out_leaves_nothing(shown: ClientDesk) -> None:
    async def sign_out() -> None:
        await shown.client.sign_out()
        await shown.client.aclose()

    asyncio.run(sign_out())
    assert not cache_of(shown).exists()
    shown.network.down = True
    assert refused(shown) == "not-signed-in"


def test_r8_a_session_finally_refused_leaves_nothing(shown: ClientDesk, school: SchoolServer) -> None:
    school.write(
        lambda connection: connection.execute(text("UPDATE refresh_token SET revoked_at_seconds = 1"))
    )
    school.clock.advance(100_000)  # the access token has ended too
    with pytest.raises(CallFailedError):
        shown.sync()  # whichever call it is that learns of it
    assert shown.client.status().connection == "signed_out"
    shown.client.close()  # waits for the deletion
    assert not cache_of(shown).exists()


def test_r8_a_renewed_token_keeps_what_is_kept(shown: ClientDesk, school: SchoolServer) -> None:
    school.clock.advance(3600)
    shown.sync()
    shown.network.down = True
    assert counts(asked(shown)) == 2


def test_r6_a_right_taken_away_is_not_answered_from_the_cache(
    shown: ClientDesk, school: SchoolServer
) -> None:
    school.write(lambda connection: connection.execute(text("DELETE FROM membership")))
    school.clock.advance(3600)
    assert refused(shown) == "forbidden"
    shown.network.down = True
    assert refused(shown) == "unreachable"  # nor from then on


def test_r8_connecting_anew_starts_with_nothing_kept(shown: ClientDesk, school: SchoolServer) -> None:
    name = shown.client.account.user_name
    shown.close()
    again = ClientDesk(school, shown.data, name)
    again.network.down = True
    assert refused(again) == "unreachable"
    again.close()


def test_r8_another_user_of_this_computer_sees_nothing_of_it(shown: ClientDesk, school: SchoolServer) -> None:
    other = ClientDesk(school, shown.data, school.user(Role.TEACHER))
    other.network.down = True
    assert refused(other) == "unreachable"
    other.close()


def test_r10_an_unavailable_part_stays_unavailable(
    desk: ClientDesk, school: SchoolServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("rollbook.server.dashboard.endpoints.counts_by_grade_level", broken)
    view = asked(desk)
    assert (view.parts["students"].status, view.parts["grade_levels"].status) == ("ok", "unavailable")
    desk.network.down = True
    later = asked(desk)
    assert later.parts["students"].status == "stale"
    assert (later.parts["grade_levels"].status, later.parts["grade_levels"].reason) == (
        "unavailable",
        "internal-error",
    )


def test_r5_a_dashboard_that_meets_an_outage_is_told_as_the_connections_state(shown: ClientDesk) -> None:
    """The engine sleeps; five dashboards fail; the window hears of it without asking."""
    heard: list[Event] = []
    shown.client.subscribe(heard.append)
    shown.network.down = True
    for _ in range(6):
        asked(shown)
    assert StatusChanged() in heard
    assert shown.client.status().connection == "offline"
    assert shown.client.status().breaker == "open"
