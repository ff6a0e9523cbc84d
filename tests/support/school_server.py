"""The server's application in this process, with a school and people in it, called over ASGI."""

import asyncio
import itertools
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import msgspec
from fastapi import FastAPI
from sqlalchemy import Connection, text

from rollbook.contract.feed import Change, ChangesPage
from rollbook.contract.operations import (
    FieldChange,
    Kind,
    Operation,
    PushResponse,
    Result,
    operation_bytes,
    push_body,
)
from rollbook.contract.session import Session
from rollbook.domain.ids import uuid7_source
from rollbook.domain.roles import Role
from rollbook.server.app import create_app
from rollbook.server.auth import accounts
from rollbook.server.auth.passwords import Passwords
from rollbook.server.parts import Parts
from rollbook.server.settings import Settings, read_settings
from support.server_process import CHEAP_HASHES, PASSWORD
from support.settable_clock import SettableClock


def settings_for(database: str, folder: Path, **given: Any) -> Settings:
    """Settings for a test: cheap hashes, logs in ``folder``, whatever else is given."""
    return read_settings(None, CHEAP_HASHES, database=database, log_dir=str(folder / "logs"), **given)


class AsgiClient:
    """Calls an application in this process; blocking, from any thread."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """One request and its whole answer."""

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://school") as client:
                return await client.request(method, path, **arguments)

        return asyncio.run(ask())

    def get(self, path: str, **arguments: Any) -> httpx.Response:
        """A GET."""
        return self.request("GET", path, **arguments)

    def post(self, path: str, **arguments: Any) -> httpx.Response:
        """A POST."""
        return self.request("POST", path, **arguments)


class SchoolServer:
    """An application on ``database`` with a new school of its own in it."""

    def __init__(self, database: str, folder: Path, **settings: Any) -> None:
        self.clock = SettableClock()
        self.new_id = uuid7_source(self.clock)
        self.settings = settings_for(database, folder, **settings)
        self.app: FastAPI = create_app(self.settings, self.clock, self.new_id)
        self.parts: Parts = self.app.state.parts
        self.client = AsgiClient(self.app)
        self.school_name = f"School {uuid.uuid4()}"
        self.school_id = self.write(
            lambda connection: accounts.make_school(connection, self.clock, self.new_id, self.school_name)
        )

    @contextmanager
    def with_settings(self, **settings: Any) -> Iterator[None]:
        """Other settings for a while: those that the server reads anew at each request."""
        object.__setattr__(self.parts, "settings", replace(self.settings, **settings))
        try:
            yield
        finally:
            object.__setattr__(self.parts, "settings", self.settings)

    def write(self, work: Any) -> Any:
        """Run ``work`` in a transaction of the server's own database."""
        return self.parts.database.write(work)

    def rows(self, query: str, **parameters: Any) -> list[Any]:
        """Rows by plain SQL: what the oracle of a test reads."""
        return self.parts.database.read(
            lambda connection: list(connection.execute(text(query), {"school": self.school_id} | parameters))
        )

    def student(self, student_id: str) -> dict[str, Any]:
        """The row of a student of this school, by plain SQL."""
        query = "SELECT * FROM student WHERE school_id = :school AND id = :id"
        [row] = self.rows(query, id=student_id)
        return dict(row._mapping)

    def user(self, role: Role = Role.REGISTRAR, *, school_id: str | None = None) -> str:
        """A new user with that role; gives the name. The password is ``PASSWORD``."""
        name = f"{role.value}-{uuid.uuid4()}"

        def make(connection: Connection) -> None:
            hashed = Passwords(self.settings).hash(PASSWORD)
            user_id = accounts.make_user(connection, self.clock, self.new_id, name, hashed)
            accounts.make_membership(connection, user_id, school_id or self.school_id, role)

        self.write(make)
        return name

    def desk(self, role: Role = Role.REGISTRAR, name: str | None = None) -> "Desk":
        """Someone signed in at a computer of their own."""
        device = str(uuid.uuid4())
        answer = self.client.post(
            "/api/v1/auth/sign-in",
            json={"name": name or self.user(role), "password": PASSWORD, "device": device},
        )
        assert answer.status_code == 200, answer.text
        return Desk(self, msgspec.json.decode(answer.content, type=Session), device)

    def close(self) -> None:
        """Close the pool, and what was opened to the outside."""
        self.parts.weather.close()
        self.parts.database.close()


@dataclass
class Desk:
    """A signed-in person at one computer."""

    server: SchoolServer
    session: Session
    device: str
    sequence: Any = field(default_factory=lambda: itertools.count(1))

    @property
    def headers(self) -> dict[str, str]:
        """What each of its requests carries."""
        return {
            "Authorization": f"Bearer {self.session.access_token}",
            "X-Rollbook-Device": self.device,
            "Content-Type": "application/json",
        }

    def operation(self, kind: Kind, entity_id: str, **members: Any) -> Operation:
        """An operation of this desk."""
        given = {"op_id": str(uuid.uuid4()), "entity": "student", "device": self.device} | members
        return Operation(kind=kind, entity_id=entity_id, sequence=next(self.sequence), **given)

    def create(self, entity_id: str | None = None, **values: Any) -> Operation:
        """A create with ``values``."""
        changes = {name: FieldChange(None, value) for name, value in values.items()}
        return self.operation(Kind.CREATE, entity_id or str(uuid.uuid4()), changes=changes)

    def update(self, entity_id: str, base: int, **changes: tuple[Any, Any]) -> Operation:
        """An update; each change is (had, value)."""
        made = {name: FieldChange(had, value) for name, (had, value) in changes.items()}
        return self.operation(Kind.UPDATE, entity_id, changes=made, base_version=base)

    def archive(self, entity_id: str, base: int) -> Operation:
        """An archive."""
        return self.operation(Kind.ARCHIVE, entity_id, base_version=base)

    def push(self, *operations: Operation) -> list[Result]:
        """Push operations; their results."""
        return self.push_bytes(*(operation_bytes(operation) for operation in operations))

    def push_bytes(self, *operations: bytes) -> list[Result]:
        """Push operations as bytes; their results."""
        answer = self.call("POST", "/api/v1/sync/push", content=push_body(list(operations)))
        assert answer.status_code == 200, answer.text
        return msgspec.json.decode(answer.content, type=PushResponse).results

    def student(self, **values: Any) -> str:
        """A student on the server; gives the id."""
        operation = self.create(**({"given_name": "Eleni"} | values))
        [result] = self.push(operation)
        assert result.outcome == "applied", result
        return operation.entity_id

    def changes(self, cursor: str = "0", limit: int = 5000) -> ChangesPage:
        """A page of the feed."""
        answer = self.call("GET", "/api/v1/sync/changes", params={"cursor": cursor, "limit": limit})
        assert answer.status_code == 200, answer.text
        return msgspec.json.decode(answer.content, type=ChangesPage)

    def call(
        self, method: str, path: str, headers: dict[str, str] | None = None, **arguments: Any
    ) -> httpx.Response:
        """A request with this desk's headers."""
        return self.server.client.request(method, path, headers=self.headers | (headers or {}), **arguments)


def record_of(result: Result) -> dict[str, Any]:
    """The values of the record that a result carries."""
    change = msgspec.json.decode(bytes(result.record), type=Change)
    assert change.values is not None
    return change.values
