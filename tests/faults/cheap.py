"""What costs time in every history and proves nothing there is done once in each process."""

import gc
from collections.abc import Callable
from typing import Any

import anyio.to_thread
from sqlalchemy import Engine

from rollbook.server import engines
from rollbook.store import database

_SEEN_SELDOM = (50_000, 20, 50)


def make_cheap() -> None:
    """Statements are compiled once for all engines; garbage is looked for seldom; no thread is changed.

    In a history one request is answered at a time, so the server's worker threads would change nothing
    but the time that it takes. Over sockets the server is a process of its own, with all its threads.
    """
    _share_what_is_compiled()
    anyio.to_thread.run_sync = _here
    gc.freeze()  # what is loaded by now stays: looking it through again and again costs a tenth of the time
    gc.set_threshold(*_SEEN_SELDOM)


async def _here(work: Callable[..., Any], *arguments: Any, **_threads: Any) -> Any:
    return work(*arguments)


def _share_what_is_compiled() -> None:
    make_engine = database.create_engine
    first: dict[str, Engine] = {}

    def sharing(*arguments: Any, **settings: Any) -> Engine:
        engine = make_engine(*arguments, **settings)
        if engine.dialect.name not in first:
            first[engine.dialect.name] = engine
            engine.connect().close()  # the dialect learns what it talks to at its engine's first connection
        shared = first[engine.dialect.name]
        engine.dialect, engine._compiled_cache = shared.dialect, shared._compiled_cache
        return engine

    database.create_engine = engines.create_engine = sharing
