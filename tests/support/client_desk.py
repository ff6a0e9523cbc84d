"""A computer at the school: the real client with a data folder of its own, over the real server."""

import asyncio
import random
import sqlite3
from pathlib import Path
from typing import Any

from rollbook.client.facade import Client
from rollbook.client.opening import Surroundings, connect, open_client
from rollbook.client.settings import load_settings
from rollbook.client.values import Edit, RecordQuery, Saved, Status
from support.fault_transport import FaultTransport
from support.school_server import SchoolServer
from support.server_process import PASSWORD

NO_KEYRING = {"ROLLBOOK_KEYRING": "0", "ROLLBOOK_RETRY_BASE_SECONDS": "0.01"}


class ClientDesk:
    """Signed in as ``name``. ``crash`` drops all that is only in memory, as the end of the process would."""

    def __init__(self, school: SchoolServer, data: Path, name: str, **settings: str) -> None:
        self.data = data
        self.network = FaultTransport(school.app)
        self._settings = load_settings(data, NO_KEYRING | settings)
        self._around = Surroundings(chance=random.Random(1), transport=self.network)
        asyncio.run(
            connect(data, "http://school", name, PASSWORD, settings=self._settings, surroundings=self._around)
        )
        self.client = self._open()

    def _open(self) -> Client:
        return open_client(self.data, settings=self._settings, surroundings=self._around)

    def crash(self) -> None:
        """Start anew from what is on disk."""
        self.client.close()
        self.client = self._open()

    def sync(self) -> Status:
        """One whole cycle; what the network did is told by the status."""
        return asyncio.run(self._sync())

    async def _sync(self) -> Status:
        try:
            return await self.client.sync_once()
        finally:
            await self.client.aclose()

    def add(self, **values: Any) -> Saved:
        """Register a student."""
        return self.client.save(Edit("student", None, values))

    def change(self, student: str, **values: Any) -> Saved:
        """Change a student, having seen what this computer shows."""
        return self.client.save(Edit("student", student, values))

    def photographed(self, photo: bytes) -> str:
        """Register a student with a photo; gives the id."""
        student = self.add(given_name="Eleni").entity_id
        self.client.attach("student", student, "photo", photo)
        return student

    def photo(self, student: str) -> bytes | None:
        """A student's photo as this computer shows it, fetched where it is not here."""
        return asyncio.run(self._photo(student))

    async def _photo(self, student: str) -> bytes | None:
        try:
            return await self.client.file("student", student, "photo")
        finally:
            await self.client.aclose()

    def values(self, student: str) -> dict[str, Any]:
        """What this computer shows of a student."""
        row = self.client.record("student", student)
        assert row is not None
        return row.values

    def state(self, saved: Saved) -> str:
        """The state of an entry."""
        entry = self.client.entry(str(saved.op_id))
        assert entry is not None
        return entry.state

    def shown(self) -> list[dict[str, Any]]:
        """All students shown, by name."""
        return [row.values for row in self.client.records(RecordQuery(limit=10_000)).rows]

    def sql(self, query: str) -> list[Any]:
        """Plain SQL on the store's file."""
        with sqlite3.connect(self.client.account.store) as connection:
            return connection.execute(query).fetchall()

    def close(self) -> None:
        """Close the store."""
        self.client.close()
