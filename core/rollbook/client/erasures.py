"""Erasing a person on request (D3): an administrator's act at the server, never queued.

It cannot be undone, and what would go is counted at the school: who asks sees that now, and is answered now.
"""

from typing import Any

import msgspec

from rollbook.api.client import ApiClient
from rollbook.contract.erasure import ErasureAsked, ErasureRequest, RecordName


class Erasures:
    """Coroutines raise :class:`CallFailedError`."""

    def __init__(self, api: ApiClient) -> None:
        self._api = api

    async def preview(self, entity: str, record_id: str, *, with_contacts: bool = False) -> dict[str, Any]:
        """What would go: ``records`` by entity, ``files``, ``proposals``, and the people of nobody else.

        Those are ``left_alone``; ``with_contacts`` counts them as well, and they are ``also`` then.
        """
        person = RecordName(entity, record_id)
        seen = await self._api.preview_erasure(ErasureAsked(person))
        also = [RecordName(each.entity, each.id) for each in seen.left_alone] if with_contacts else []
        if also:
            seen = await self._api.preview_erasure(ErasureAsked(person, also))
        found: dict[str, Any] = msgspec.to_builtins(seen)
        return found | {"also": msgspec.to_builtins(also)}

    async def erase(
        self, entity: str, record_id: str, also: list[dict[str, str]], *, confirm: str, reason: str
    ) -> dict[str, Any]:
        """Erase them; ``confirm`` is the name or the number, as it was typed."""
        people = msgspec.convert(also, list[RecordName])
        asked = ErasureRequest(RecordName(entity, record_id), confirm, reason, people)
        done: dict[str, Any] = msgspec.to_builtins(await self._api.erase(asked))
        return done
