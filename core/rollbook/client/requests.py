"""The story of a request: what this computer did, and what the server wrote of it (R17)."""

import json

from sqlalchemy import Connection, select

from rollbook.api.client import ApiClient
from rollbook.client import entries
from rollbook.client.values import Attempt, Story
from rollbook.resilience.failures import CallFailedError
from rollbook.store import attempts, outbox
from rollbook.store.database import StoreDatabase
from rollbook.store.tables import OPERATION


def story(connection: Connection, wanted: str) -> Story:
    """This computer's part, without any network."""
    made = attempts.find(connection, wanted)
    op_ids = {op_id for row in made for op_id in row.op_ids} | {wanted}
    direct = connection.execute(
        select(OPERATION.c.op_id).where(
            (OPERATION.c.action_id == wanted)
            | (OPERATION.c.first_request_id == wanted)
            | (OPERATION.c.last_request_id == wanted)
        )
    ).scalars()
    rows = [outbox.find(connection, op_id) for op_id in sorted(op_ids | set(direct))]
    found = tuple(entries.waiting_entry(row) for row in rows if row is not None)
    return Story(wanted, tuple(entries.attempt(row) for row in made), found)


def recent(connection: Connection, limit: int, failed_only: bool) -> tuple[Attempt, ...]:
    """The latest requests of this computer, newest first."""
    return tuple(entries.attempt(row) for row in attempts.recent(connection, limit, failed_only))


async def story_everywhere(store: StoreDatabase, api: ApiClient, wanted: str) -> Story:
    """This computer's part and the server's; where the server cannot be asked, why."""
    with store.read() as connection:
        here = story(connection, wanted)
    asked = _requests_to_ask(here)
    lines: list[object] = []
    try:
        for request_id in asked:
            answer = await api.get_json(
                "/api/v1/diagnostics/requests/{request_id}", f"/api/v1/diagnostics/requests/{request_id}"
            )
            lines += json.loads(answer.data).get("lines", [])
    except CallFailedError as failure:
        return Story(wanted, here.attempts, here.entries, None, failure.code)
    return Story(wanted, here.attempts, here.entries, {"requests": asked, "lines": lines})


def _requests_to_ask(here: Story) -> list[str]:
    """The id itself, and the requests that carried the action or entry it names."""
    named = [attempt.request_id for attempt in here.attempts]
    for entry in here.entries:
        named += [each for each in (entry.first_request_id, entry.last_request_id) if each]
    known = list(dict.fromkeys(named))
    return [here.id] if here.id in known or not known else known[:20]
