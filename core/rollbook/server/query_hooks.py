"""Times each statement where SQLAlchemy hands it to the driver (R14). What is bound is never looked at.

It is the time until the database answers. SQLite makes the rows of a long answer as they are fetched: those
are the transaction's time, and not the statement's.
"""

import threading
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

from rollbook.domain.clock import Clock
from rollbook.server.query_shapes import QueryShapes

_ABOUT_STATEMENTS = ("EXPLAIN", "PREPARE", "DEALLOCATE")


def watch_queries(engine: Engine, clock: Clock, shapes: QueryShapes, note_slow: Callable[[], None]) -> None:
    """Have every statement of ``engine`` counted in ``shapes``; ``note_slow`` is called for a slow one."""
    running = threading.local()  # a thread has one statement at a time

    def before(_connection: Any, _cursor: Any, _statement: str, *_rest: Any) -> None:
        running.since = clock.monotonic()

    def ended(statement: str, *, failed: bool) -> None:
        since = running.__dict__.pop("since", None)
        if since is None or statement.startswith(_ABOUT_STATEMENTS):
            return
        if shapes.note(statement, clock.monotonic() - since, failed=failed):
            note_slow()

    def after(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        ended(statement, failed=False)

    def broke(context: ExceptionContext) -> None:
        if context.statement is not None:
            ended(context.statement, failed=True)

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
    event.listen(engine, "handle_error", broke)
