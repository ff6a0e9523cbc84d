"""What whoever helps asks of this computer: the story of a request, the latest ones (R17)."""

import asyncio
from dataclasses import replace

from rollbook.api.client import ApiClient
from rollbook.client import requests
from rollbook.client.values import Attempt, Story
from rollbook.store.database import StoreDatabase
from rollbook.sync.engine import SyncEngine


class Support:
    """Part of the facade. Methods raise :class:`StoreError`."""

    def __init__(self, store: StoreDatabase, api: ApiClient, engine: SyncEngine) -> None:
        self._store, self._api, self._engine = store, api, engine

    def find(self, wanted: str) -> Story:
        """What this computer knows of the id of a request, an action or an entry; asks nobody."""
        self._engine.write_log()
        with self._store.read() as connection:
            return requests.story(connection, requests.named_in(wanted))

    async def find_everywhere(self, wanted: str) -> Story:
        """What this computer and the server know of it (R17)."""
        here = await asyncio.to_thread(self.find, wanted)
        if self._engine.work_offline:
            return replace(here, server_state="work_offline")
        return await requests.with_the_servers_part(here, self._api)

    def recent_attempts(self, limit: int = 200, failed_only: bool = True) -> tuple[Attempt, ...]:
        """The latest requests, newest first."""
        self._engine.write_log()
        with self._store.read() as connection:
            return requests.recent(connection, limit, failed_only)
