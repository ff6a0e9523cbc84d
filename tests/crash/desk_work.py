"""What people at one desk do until their computer is killed, and the record of it that outlives a kill."""

import asyncio
import contextlib
import json
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rollbook.client.errors import CallFailedError
from rollbook.client.facade import Client
from rollbook.client.opening import Surroundings, open_client
from rollbook.client.settings import ClientSettings, load_settings
from rollbook.client.values import Edit, RecordQuery, RecordRow, Status
from support.killed_at import kill_at

SETTINGS = {
    "ROLLBOOK_KEYRING": "0",
    "ROLLBOOK_RETRY_BASE_SECONDS": "0.01",
    "ROLLBOOK_RETRY_CAP_SECONDS": "0.05",
    "ROLLBOOK_BREAKER_RECOVERY_SECONDS": "0.1",
    "ROLLBOOK_SYNC_DOUBT_SECONDS": "0.02",
    "ROLLBOOK_SYNC_POLL_SECONDS": "0.1",
    "ROLLBOOK_SYNC_LIVE_RETRY_SECONDS": "0.2",
    "ROLLBOOK_SYNC_BACKOFF_BASE_SECONDS": "0.02",
    "ROLLBOOK_REQUEST_TIMEOUT_SECONDS": "10",
}
OWN_FIELDS = ("family_name", "phone", "homeroom", "address")
SHARED_FIELDS = ("phone", "address")  # the desk of that number alone writes the field of students of all
SHARED = "shared"
_SAVES_AT_MOST, _SOON, _BETWEEN_SAVES = 4, 0.01, 0.1


@dataclass(frozen=True, slots=True)
class Desk:
    """A computer: its number, its data folder and the file of its ledger."""

    number: int
    data: Path
    ledger: Path

    @property
    def name(self) -> str:
        """What its own students are called."""
        return f"desk{self.number}"

    def settings(self) -> ClientSettings:
        """Settings of a desk: short waits, as nobody watches."""
        return load_settings(self.data, SETTINGS)


@dataclass(slots=True)
class Noted:
    """An entry as the person knows it. ``op_id`` is there once the save had returned: it is acknowledged."""

    record: str | None
    values: dict[str, Any]
    archive: bool = False
    op_id: str | None = None


@dataclass(slots=True)
class Ledger:
    """Written line by line, each with one system call: what was written stays when the writer is killed."""

    descriptor: int

    def trying(self, record: str | None, values: dict[str, Any], *, archive: bool = False) -> None:
        """A person presses Save."""
        self._write({"record": record, "values": values, "archive": archive})

    def saved(self, op_id: str | None, record: str) -> None:
        """The save has returned."""
        self._write({"op_id": op_id, "record": record})

    def _write(self, line: dict[str, Any]) -> None:
        os.write(self.descriptor, json.dumps(line).encode() + b"\n")


@contextlib.contextmanager
def ledger_of(desk: Desk) -> Iterator[Ledger]:
    """Open the desk's ledger to go on writing."""
    descriptor = os.open(desk.ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        yield Ledger(descriptor)
    finally:
        os.close(descriptor)


def read_ledger(desk: Desk) -> list[Noted]:
    """All entries that were tried, in order."""
    noted: list[Noted] = []
    text = desk.ledger.read_text(encoding="utf-8") if desk.ledger.exists() else ""
    for line in text.splitlines():
        said = json.loads(line)
        if "op_id" in said:
            noted[-1].op_id, noted[-1].record = said["op_id"], said["record"]
        else:
            noted.append(Noted(**said))
    return noted


@dataclass(slots=True)
class Working:
    """One session: saves, and sends by the window's engine or by cycles as the command line does."""

    desk: Desk
    chance: random.Random
    session: int
    client: Client
    ledger: Ledger
    _count: int = field(default=0)

    async def go(self, rounds: int, as_window: bool) -> None:
        """So many rounds of saving and sending."""
        engine = asyncio.create_task(self.client.run()) if as_window else None
        try:
            for _ in range(rounds):
                self._save_some()
                await (self._pause() if as_window else self._cycle())
        finally:
            if engine is not None:
                engine.cancel()
                await asyncio.gather(engine, return_exceptions=True)
            await self.client.aclose()

    async def _pause(self) -> None:
        """So short that saves meet a push that is on its way, and long enough for a pull now and then."""
        await asyncio.sleep(self.chance.uniform(0.0, _BETWEEN_SAVES))

    async def _cycle(self) -> None:
        try:
            await self.client.sync_once()
        except CallFailedError:
            await asyncio.sleep(_SOON)

    def _save_some(self) -> None:
        for _ in range(self.chance.randint(1, _SAVES_AT_MOST)):
            self._save_one()

    def _save_one(self) -> None:
        rows = self.client.records(RecordQuery(limit=1_000)).rows
        own = [row for row in rows if row.values["given_name"] == self.desk.name]
        shared = [row for row in rows if row.values["given_name"] == SHARED]
        dice = self.chance.random()
        if not own or dice < 0.25:
            self._save(None, {"given_name": self.desk.name, "family_name": self._new_value()})
        elif dice < 0.3:
            self._archive(self.chance.choice(own))
        elif shared and dice < 0.5:
            self._save(self.chance.choice(shared), {SHARED_FIELDS[self.desk.number]: self._new_value()})
        else:
            names = self.chance.sample(OWN_FIELDS, self.chance.randint(1, 2))
            self._save(self.chance.choice(own), {name: self._new_value() for name in names})

    def _save(self, row: RecordRow | None, values: dict[str, Any]) -> None:
        record = None if row is None else row.id
        self.ledger.trying(record, values)
        saved = self.client.save(Edit("student", record, values, seen=None if row is None else row.values))
        self.ledger.saved(saved.op_id, saved.entity_id)

    def _archive(self, row: RecordRow) -> None:
        self.ledger.trying(row.id, {}, archive=True)
        saved = self.client.archive("student", row.id)
        self.ledger.saved(saved.op_id, saved.entity_id)

    def _new_value(self) -> str:
        """A value that nobody else enters, so that whatever comes to the school tells who entered it."""
        self._count += 1
        return f"{self.desk.number}-{self.session}-{self._count}"


def work(desk: Desk, session: int, rounds: int, killed_at: str | None, seed: str) -> None:
    """In a child: a session at the desk, killed at that point if one is given."""
    if killed_at is not None:
        point, _, nth = killed_at.partition(":")
        kill_at(point, int(nth or 1))
    chance = random.Random(seed)
    around = Surroundings(chance=random.Random(seed))
    with ledger_of(desk) as ledger:
        client = open_client(desk.data, settings=desk.settings(), surroundings=around)
        working = Working(desk, chance, session, client, ledger)
        asyncio.run(working.go(rounds, as_window=chance.random() < 0.5))
        client.close()


def heal(desk: Desk, told: Path) -> None:
    """In a child, undisturbed: sync until up to date; what the store says then goes to ``told``."""
    client = open_client(desk.data, settings=desk.settings())
    status, failure = asyncio.run(_healed(client))
    said = {"up_to_date": status.up_to_date, "outstanding": status.outstanding, "failure": failure}
    said["unsound"] = client.verify()
    told.write_text(json.dumps(said), encoding="utf-8")
    client.close()


async def _healed(client: Client) -> tuple[Status, str]:
    failure = ""
    try:
        for _ in range(20):
            try:
                status = await client.sync_once()
                if status.up_to_date:
                    return status, ""
            except CallFailedError as failed:
                failure = failed.code
            await asyncio.sleep(0.05)
        return client.status(), failure
    finally:
        await client.aclose()
