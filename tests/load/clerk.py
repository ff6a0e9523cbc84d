"""One client of a load: reads and pushes by turns, over its own socket, and comes back where it must."""

import asyncio
import json
import random
import ssl
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec

from load.ledger import NO_ANSWER, Ledger, Sample, problem_of
from rollbook.contract.headers import DEADLINE_MS, DEVICE
from rollbook.contract.operations import (
    FieldChange,
    Kind,
    Operation,
    PushResponse,
    operation_bytes,
    push_body,
)
from support.server_process import PASSWORD

PATIENCE_SECONDS = 30.0
"""After the end, for what is still to be sent: then it is given up, and the load has failed."""
_TAKEN = ("applied", "merged", "duplicate")
_MOST_AT_ONCE = 5
_DEADLINE_MS = "10000"
_TIMEOUT_SECONDS = 60.0
# Shared: to load the system's certificates for each client takes longer than all that it asks.
_NO_CERTIFICATES = ssl.create_default_context()


@dataclass
class Clerk:
    """Somebody signed in at a computer. ``chance`` decides what is done next."""

    url: str
    name: str
    ledger: Ledger
    chance: random.Random
    device: str = field(default_factory=lambda: str(uuid.uuid4()))
    cursor: str = "0"
    versions: dict[str, int] = field(default_factory=dict)
    sequence: int = 0

    async def work(self, end: float) -> None:
        """Go on until ``end`` (monotonic seconds); what was sent by then is brought to its answer."""
        limits = httpx.Limits(max_connections=1)
        async with httpx.AsyncClient(
            base_url=self.url, timeout=_TIMEOUT_SECONDS, limits=limits, verify=_NO_CERTIFICATES
        ) as client:
            session = await self._sign_in(client, end)
            client.headers.update(
                {
                    "Authorization": f"Bearer {session['access_token']}",
                    DEVICE: self.device,
                    DEADLINE_MS: _DEADLINE_MS,
                    "Content-Type": "application/json",
                }
            )
            while time.monotonic() < end:
                if self.chance.random() < 0.5:
                    await self._push(client, end)
                else:
                    await self._read(client)

    async def _sign_in(self, client: httpx.AsyncClient, end: float) -> dict[str, Any]:
        body = json.dumps({"name": self.name, "password": PASSWORD, "device": self.device}).encode()
        headers = {"Content-Type": "application/json"}
        answer = await self._until_done(client, "sign in", "/api/v1/auth/sign-in", body, end, headers)
        assert answer is not None, "nobody could sign in"
        session: dict[str, Any] = answer.json()
        return session

    async def _read(self, client: httpx.AsyncClient) -> None:
        which = self.chance.random()
        if which < 0.6 or not self.versions:
            query = {"cursor": self.cursor, "limit": "100"}
            answer = await self._ask(client, "GET", "changes", "/api/v1/sync/changes", params=query)
            if answer is not None and answer.is_success:
                self.cursor = answer.json()["cursor"]
        elif which < 0.9:
            record = self.chance.choice(list(self.versions))
            answer = await self._ask(client, "GET", "student", f"/api/v1/students/{record}")
        else:
            answer = await self._ask(client, "GET", "dashboard", "/api/v1/dashboard")
        if answer is not None and not answer.is_success:
            await self._wait(answer)

    async def _push(self, client: httpx.AsyncClient, end: float) -> None:
        operations = [self._operation() for _ in range(self.chance.randint(1, _MOST_AT_ONCE))]
        body = push_body([operation_bytes(each) for each in operations])
        answer = await self._until_done(client, "push", "/api/v1/sync/push", body, end)
        if answer is None:
            self.ledger.given_up |= {each.op_id for each in operations}
            return
        results = msgspec.json.decode(answer.content, type=PushResponse).results
        for operation, result in zip(operations, results, strict=True):
            if result.op_id != operation.op_id or result.outcome not in _TAKEN:
                self.ledger.faults.append(f"{operation.kind} was {result.outcome}: {result.problem}")
                continue
            self.ledger.acknowledged[operation.op_id] = operation.entity_id

    def _operation(self) -> Operation:
        self.sequence += 1
        if not self.versions or self.chance.random() < 0.5:
            record, kind = str(uuid.uuid4()), Kind.CREATE
            changes = {"given_name": FieldChange(None, f"G{self.sequence}")}
        else:
            record, kind = self.chance.choice(list(self.versions)), Kind.UPDATE
            known = self.versions[record]
            had = None if known == 1 else f"1 {known}"
            changes = {"phone": FieldChange(had, f"1 {known + 1}")}
        version = self.versions.get(record, 0)
        self.versions[record] = version + 1
        return Operation(
            op_id=str(uuid.uuid4()),
            kind=kind,
            entity="student",
            entity_id=record,
            changes=changes,
            base_version=version or None,
            device=self.device,
            sequence=self.sequence,
        )

    async def _until_done(
        self,
        client: httpx.AsyncClient,
        kind: str,
        path: str,
        body: bytes,
        end: float,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response | None:
        """The same bytes again until the answer is good; ``None`` where patience came to an end."""
        while True:
            answer = await self._ask(client, "POST", kind, path, content=body, headers=headers)
            if answer is not None and answer.is_success:
                return answer
            if time.monotonic() > end + PATIENCE_SECONDS:
                return None
            await self._wait(answer)

    async def _ask(
        self, client: httpx.AsyncClient, method: str, kind: str, path: str, **given: Any
    ) -> httpx.Response | None:
        sent = time.monotonic()
        try:
            answer = await client.request(method, path, **given)
        except httpx.TransportError as error:
            took = time.monotonic() - sent
            self.ledger.note(Sample(kind, sent, took, NO_ANSWER, type(error).__name__), None)
            return None
        problem = None if answer.is_success else problem_of(answer)
        took = time.monotonic() - sent
        self.ledger.note(
            Sample(kind, sent, took, answer.status_code, problem.error if problem else ""), answer
        )
        return answer

    async def _wait(self, answer: httpx.Response | None) -> None:
        """As long as the answer says, and a chance more, so that not all come back at once."""
        said = answer.headers.get("Retry-After", "0.2") if answer is not None else "0.2"
        await asyncio.sleep(float(said) * (1 + self.chance.random()) / 2)
