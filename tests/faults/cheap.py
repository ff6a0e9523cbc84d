"""What costs time in every history and proves nothing there is done once in each process."""

import gc
import threading
from collections.abc import Callable
from typing import Any

import anyio.to_thread
import argon2
from fastapi import routing
from sqlalchemy import Engine

from rollbook.server import engines
from rollbook.store import connections, password_check
from rollbook.sync import check, replay, snapshot

_in_a_thread = anyio.to_thread.run_sync
_SEEN_SELDOM = (50_000, 20, 50)


def make_cheap() -> None:
    """Statements are compiled once for all engines; garbage is looked for seldom; no thread is changed.

    In a history one request is answered at a time, so worker threads would change nothing but the time that
    it takes, and the order of what happens. Over sockets the server works in threads, as it does at a school.
    """
    _share_what_is_compiled()
    _share_what_routes_ask_for()
    anyio.to_thread.run_sync = _here
    snapshot.in_thread = check.in_thread = replay.in_thread = _at_once
    password_check.PasswordHasher = lambda: argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    gc.freeze()  # what is loaded by now stays: looking it through again and again costs a tenth of the time
    gc.set_threshold(*_SEEN_SELDOM)


async def _here(work: Callable[..., Any], *arguments: Any, **threads: Any) -> Any:
    if threading.current_thread() is threading.main_thread():
        return work(*arguments)
    return await _in_a_thread(work, *arguments, **threads)


async def _at_once(work: Callable[[], Any]) -> Any:
    return work()


def _share_what_is_compiled() -> None:
    make_engine = connections.create_engine
    first: dict[str, Engine] = {}

    def sharing(*arguments: Any, **settings: Any) -> Engine:
        engine = make_engine(*arguments, **settings)
        if engine.dialect.name not in first:
            first[engine.dialect.name] = engine
            engine.connect().close()  # the dialect learns what it talks to at its engine's first connection
        shared = first[engine.dialect.name]
        engine.dialect, engine._compiled_cache = shared.dialect, shared._compiled_cache
        return engine

    connections.create_engine = engines.create_engine = sharing


def _share_what_routes_ask_for() -> None:
    """Each start of the server reads every endpoint's signature, and finds what the start before found."""
    context = routing._EffectiveRouteContext
    read_anew = context.from_api_route
    known: dict[int, Any] = {}

    def shared(*, original_route: Any, include_context: Any) -> Any:
        if id(original_route) not in known:  # the routes are the modules' own, and stay
            known[id(original_route)] = read_anew(
                original_route=original_route, include_context=include_context
            )
        return known[id(original_route)]

    context.from_api_route = shared
