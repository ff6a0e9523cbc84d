"""A record's history as the school keeps it, and what was entered on this computer and given up (S14)."""

import json
from typing import Any

from sqlalchemy import Connection, select

from rollbook.api.client import ApiClient
from rollbook.client import handed
from rollbook.client.values import GivenUp, History, PastVersion
from rollbook.store import listing, outbox
from rollbook.store.database import StoreDatabase
from rollbook.store.states import State
from rollbook.store.tables import OPERATION

_PAGE = 200
_ENDED = (State.REPLACED, State.DISCARDED)


async def history_of(store: StoreDatabase, api: ApiClient, entity: str, entity_id: str) -> History:
    """Ask the school for all versions, oldest first. Raises :class:`CallFailedError`.

    Of a record whose entries went to the registrar, and that has left this computer since (S23), the school
    is not asked: it would not say.
    """
    with store.read() as connection:
        given = handed.of_record(connection, entity, entity_id)
        has_left = bool(given) and listing.one(connection, entity, entity_id) is None
    versions = [] if has_left else await _versions(api, entity, entity_id)
    with store.read() as connection:
        ended = _given_up(connection, entity, entity_id)
        on_their_way = outbox.rows_of_record(connection, entity_id)
    kept = {(name, _text(new)) for version in versions for name, (_old, new) in version.changes.items()}
    for row in on_their_way:
        kept |= {(name, _text(change["value"])) for name, change in json.loads(row.changes).items()}
    return History(tuple(versions), tuple(_not_kept(ended, kept)), given)


async def _versions(api: ApiClient, entity: str, entity_id: str) -> list[PastVersion]:
    found: list[PastVersion] = []
    params: dict[str, str | int] = {"limit": _PAGE}
    path = f"/api/v1/{entity}s/{entity_id}/history"
    while True:
        answer = await api.get_json(f"/api/v1/{entity}s/{{id}}/history", path, params)
        page = json.loads(answer.data)
        found += [_version(entry) for entry in page["entries"]]
        if page.get("next") is None:
            return found
        params["cursor"] = page["next"]


def _version(entry: dict[str, Any]) -> PastVersion:
    return PastVersion(
        version=entry["version"],
        kind=entry["kind"],
        by=entry["by"],
        at=entry["at"],
        changes={name: (pair[0], pair[1]) for name, pair in entry["changes"].items()},
        merged_fields=tuple(entry.get("merged_fields", ())),
        request_id=entry["request_id"],
    )


def _given_up(connection: Connection, entity: str, entity_id: str) -> list[GivenUp]:
    """Entries of this computer that a person's choice or a later entry ended."""
    rows = connection.execute(
        select(OPERATION)
        .where(
            OPERATION.c.entity == entity, OPERATION.c.entity_id == entity_id, OPERATION.c.state.in_(_ENDED)
        )
        .order_by(OPERATION.c.sequence)
    )
    return [
        GivenUp(
            at=row.created_at,
            by=row.created_by,
            values={name: change["value"] for name, change in json.loads(row.changes).items()},
        )
        for row in rows
    ]


def _not_kept(ended: list[GivenUp], kept: set[tuple[str, str]]) -> list[GivenUp]:
    """Only the values that never came to the school: a choice may have taken the others over."""
    found = []
    for each in ended:
        values = {name: value for name, value in each.values.items() if (name, _text(value)) not in kept}
        if values:
            found.append(GivenUp(each.at, each.by, values))
    return found


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
