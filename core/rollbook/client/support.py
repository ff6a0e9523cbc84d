"""What whoever helps asks of this computer: the story of a request, a file for support (R17, R18)."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from rollbook.api.client import ApiClient
from rollbook.client import requests
from rollbook.client.bundle import Sources, write_bundle
from rollbook.client.values import Story
from rollbook.sync.engine import SyncEngine


class Support:
    """Part of the facade. Methods raise :class:`StoreError`."""

    def __init__(self, sources: Sources, api: ApiClient, engine: SyncEngine) -> None:
        self._store, self._sources = sources.store, sources
        self._api, self._engine = api, engine

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

    def write_bundle(self, file: Path, also: Mapping[str, str] | None = None) -> list[str]:
        """Write one file for support, without people's data, whole or not at all; the names of its parts.

        ``also`` are versions of what this package does not know. Raises :class:`BundleNotWrittenError`.
        """
        self._engine.write_log()
        return write_bundle(self._sources, file, also)
