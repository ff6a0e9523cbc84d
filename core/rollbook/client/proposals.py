"""What others handed over because they may not write it any more, for a registrar (S23)."""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from rollbook.api.client import ApiClient
from rollbook.contract.proposals import Decision, Proposal
from rollbook.store import decisions
from rollbook.store.database import StoreDatabase
from rollbook.sync.events import Emit, StatusChanged


class Proposals:
    """Read and decided at the server, where they are kept. Coroutines raise :class:`CallFailedError`."""

    def __init__(self, api: ApiClient, store: StoreDatabase, emit: Emit) -> None:
        self._api = api
        self._store = store
        self._emit = emit

    def decisions_read(self, op_ids: Collection[str]) -> None:
        """This user has read what was decided on these entries of theirs; it is not told again."""
        with self._store.write() as connection:
            decisions.read(connection, op_ids)
        self._emit(StatusChanged())

    async def listed(self, state: str | None = "open") -> list[dict[str, Any]]:
        """All of that state (``open``, ``accepted``, ``declined``; ``None``: each), in their order."""
        found: list[dict[str, Any]] = []
        after: int | None = 0
        while after is not None:
            page = await self._api.proposals(after, state)
            found += [_plain(proposal) for proposal in page.proposals]
            after = page.next
        return found

    async def one(self, number: int) -> dict[str, Any]:
        """The proposal of that number."""
        return _plain(await self._api.proposal(number))

    async def decide(
        self, number: int, *, accept: bool, choices: Mapping[str, str], note: str = ""
    ) -> dict[str, Any]:
        """Accept or decline it, with ``mine`` or ``theirs`` for a field that others have changed since.

        The failure's problem names such fields where a choice is missing.
        """
        decision = Decision(choices=dict(choices), note=note)
        return _plain(await self._api.decide(number, decision, accept=accept))


def _plain(proposal: Proposal) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(proposal)
    return plain
