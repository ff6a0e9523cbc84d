"""The story of a request: what this computer did, and what the server wrote of it (R17)."""

import json
import re
from dataclasses import replace

from sqlalchemy import Connection, select

from rollbook.api.client import ApiClient
from rollbook.client import entries
from rollbook.client.values import Attempt, Story
from rollbook.contract.headers import ID_FORM
from rollbook.resilience.connectivity import ConnectionState
from rollbook.resilience.failures import CallFailedError, FailureKind
from rollbook.store import attempts, outbox
from rollbook.store.tables import OPERATION

MOST_REQUESTS = 50
_ROUTE = "/api/v1/diagnostics/requests/{request_id}"
_OURS = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE)
_NEVER_CAME = ("no-network", "unreachable", "name-not-found")
_ANOTHERS = ("not-our-server", "another-installation", "tls-failed", "gateway-error")


def named_in(text: str) -> str:
    """The id that was meant: people copy a word before it, or a quotation mark behind it."""
    ours = _OURS.search(text)
    return ours.group().lower() if ours else text.strip().strip("\"'“”‘’")


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
    state = "not_asked" if re.fullmatch(ID_FORM, wanted) else "no_id"
    return Story(wanted, tuple(entries.attempt(row) for row in made), found, server_state=state)


def recent(connection: Connection, limit: int, failed_only: bool) -> tuple[Attempt, ...]:
    """The latest requests of this computer, newest first."""
    return tuple(entries.attempt(row) for row in attempts.recent(connection, limit, failed_only))


async def with_the_servers_part(here: Story, api: ApiClient) -> Story:
    """The story with what the server tells; where it was not asked or told nothing, why."""
    if here.server_state == "no_id":
        return here
    if api.connection().state is ConnectionState.SIGNED_OUT:
        return replace(here, server_state="signed_out")
    asked = [here.id, *_requests_behind(here)]
    path = _ROUTE.format(request_id=here.id)
    try:
        answer = await api.get_json(_ROUTE, path, {"also": ",".join(asked[1:])})
    except CallFailedError as failure:
        return _without(here, asked, failure)
    told = json.loads(answer.data)
    server = {"requests": asked, "lines": told["lines"], "complete": told["complete"]}
    return replace(here, server=server, server_state="told")


def _requests_behind(here: Story) -> list[str]:
    """The requests that carried the action or entry, the newest where they are many."""
    named = [attempt.request_id for attempt in here.attempts]
    for entry in here.entries:
        named += [each for each in (entry.first_request_id, entry.last_request_id) if each]
    return [each for each in dict.fromkeys(named) if each != here.id][-MOST_REQUESTS:]


def _without(here: Story, asked: list[str], failure: CallFailedError) -> Story:
    if failure.code == "not-found":
        return replace(
            here, server={"requests": asked, "lines": [], "complete": True}, server_state="nothing"
        )
    return replace(here, server_state=_state_after(failure), server_failure=failure.code)


def _state_after(failure: CallFailedError) -> str:
    """Why the server's part is missing, in a stable word."""
    if failure.code in ("not-signed-in", "wrong-credentials"):
        return "signed_out"
    if not failure.was_made or failure.kind is FailureKind.LOCAL or failure.code in _NEVER_CAME:
        return "offline"
    if failure.code in _ANOTHERS:
        return "another_answered"
    return "failed" if failure.problem is not None else "no_answer"
