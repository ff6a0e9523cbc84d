"""``/api/v1/{plural}``: the records of each entity one at a time, generated from the registry (H1, S8)."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.responses import Response

from rollbook.contract.problems import FieldProblem
from rollbook.domain.entity import EntityType
from rollbook.domain.registry import ENTITIES
from rollbook.domain.scope import Act
from rollbook.server.auth.caller import Caller
from rollbook.server.auth.endpoints import InSchool, ServerParts
from rollbook.server.openapi import described
from rollbook.server.parts import Parts
from rollbook.server.problems import ProblemError
from rollbook.server.records.forms import asked as asked_form
from rollbook.server.records.forms import forms_of
from rollbook.server.records.reading import (
    VERSION_CURSOR,
    Asked,
    cursor_form,
    filters_of,
    read_history,
    read_page,
    read_record,
)
from rollbook.server.records.service import RecordCalls
from rollbook.server.records.views import NewRecord, RecordChange
from rollbook.server.wire import JsonBytes, decoded, json_response

MAX_LISTED = 500
MAX_FILTERED = 100
"""So many values are taken for one filter."""
Key = Annotated[str | None, Header(alias="Idempotency-Key", description="Needed: 428 without it.")]
Seen = Annotated[str | None, Header(alias="If-Match", description="The ETag of the version that was read.")]
_NEXT = "The `next` of the page before."
VersionCursor = Annotated[str | None, Query(description=_NEXT, json_schema_extra={"pattern": VERSION_CURSOR})]
Cursor = Annotated[str | None, Query(include_in_schema=False)]  # described with the entity's own form
Limit = Annotated[int, Query(ge=1, le=MAX_LISTED)]
_NO_FILTERS = frozenset({"cursor", "limit", "archived", "school"})


def _in_path(request: Request) -> str:
    """The only part of the path that varies; each entity calls it by its own name."""
    [record_id] = request.path_params.values()
    return str(record_id)


RecordId = Annotated[str, Depends(_in_path)]


@dataclass(frozen=True, slots=True)
class RecordEndpoints:
    """What the addresses of one entity do."""

    entity: EntityType

    def list_records(
        self,
        parts: ServerParts,
        caller: InSchool,
        request: Request,
        cursor: Cursor = None,
        limit: Limit = 100,
        archived: bool = False,
    ) -> Response:
        """Records in the order of their ids. Of a filter that is given several times, any value fits."""
        self._check(caller, Act.READ)
        asked = Asked(cursor, limit, archived, self._filters(request))
        page = parts.database.read(lambda connection: read_page(connection, caller, self.entity, asked))
        return json_response({forms_of(self.entity).listed: page.records, "next": page.next})

    def create(self, parts: ServerParts, caller: InSchool, body: JsonBytes, key: Key = None) -> Response:
        """Make a record. The same key with the same body again is the same record."""
        self._check(caller, Act.WRITE)
        record_id = RecordCalls(parts.push, self.entity).create(caller, key, decoded(body, NewRecord))
        return self._shown(parts, caller, record_id, status=201)

    def show(self, parts: ServerParts, caller: InSchool, record_id: RecordId) -> Response:
        """One record, archived or not."""
        self._check(caller, Act.READ)
        return self._shown(parts, caller, record_id)

    def change(
        self,
        parts: ServerParts,
        caller: InSchool,
        record_id: RecordId,
        body: JsonBytes,
        key: Key = None,
        seen: Seen = None,
    ) -> Response:
        """Change fields of a record."""
        self._check(caller, Act.WRITE)
        asked = decoded(body, RecordChange)
        RecordCalls(parts.push, self.entity).change(caller, key, record_id, asked, seen)
        return self._shown(parts, caller, record_id)

    def archive(
        self, parts: ServerParts, caller: InSchool, record_id: RecordId, key: Key = None, seen: Seen = None
    ) -> Response:
        """Archive a record; it is kept (D3)."""
        self._check(caller, Act.WRITE)
        RecordCalls(parts.push, self.entity).archive(caller, key, record_id, seen)
        return Response(status_code=204)

    def show_history(
        self,
        parts: ServerParts,
        caller: InSchool,
        record_id: RecordId,
        cursor: VersionCursor = None,
        limit: Limit = 100,
    ) -> Response:
        """Who changed what from what to what, oldest first."""
        self._check(caller, Act.READ)
        asked = Asked(cursor, limit, archived=True)
        return json_response(
            parts.database.read(
                lambda connection: read_history(connection, caller, self.entity, record_id, asked)
            )
        )

    def _check(self, caller: Caller, act: Act) -> None:
        if not caller.may(act, self.entity.name):
            raise ProblemError("forbidden")

    def _filters(self, request: Request) -> dict[str, list[str]]:
        """A filter that there is not is refused: passed over, it would give all records for some."""
        known = {spec.name for spec in filters_of(self.entity)}
        given = [name for name in request.query_params if name not in _NO_FILTERS]
        if not known.issuperset(given):
            fitting = f"Use one of: {', '.join(sorted(known))}." if known else ""
            # The name is not repeated: it is the caller's own word.
            unknown = FieldProblem("query", "This list has no such filter.", fitting, "unknown-filter")
            raise ProblemError("validation-failed", errors=(unknown,))
        found = {name: request.query_params.getlist(name) for name in given}
        wrong = tuple(
            FieldProblem(name, "These are too many values.", f"Ask for at most {MAX_FILTERED}.", "too-many")
            for name, values in found.items()
            if len(values) > MAX_FILTERED
        )
        if wrong:
            raise ProblemError("validation-failed", errors=wrong)
        return found

    def _shown(self, parts: Parts, caller: Caller, record_id: str, status: int = 200) -> Response:
        view = parts.database.read(lambda connection: read_record(connection, caller, self.entity, record_id))
        headers = {"ETag": f'"{view.version}"'}
        if status == 201:
            headers["Location"] = f"/api/v1/{self.entity.plural}/{view.id}"
        return json_response(view, status, headers)


def router_of(entity: EntityType) -> APIRouter:
    """The addresses of ``entity``; one that only the server writes can be read."""
    router = APIRouter(prefix=f"/api/v1/{entity.plural}", tags=[entity.plural])
    ask, forms = RecordEndpoints(entity), forms_of(entity)
    place = f"{entity.name}_id"
    one, path = (
        f"/{{{place}}}",
        ({"name": place, "in": "path", "required": True, "schema": {"type": "string"}},),
    )
    filters = tuple(_query(spec.name, asked_form(spec), "One of these.") for spec in filters_of(entity))
    listed = (_query("cursor", {"type": "string", "pattern": cursor_form(entity)}, _NEXT), *filters)
    _add(router, "GET", "", ask.list_records, described(gives=forms.page, parameters=listed))
    _add(router, "GET", one, ask.show, described(gives=forms.view, parameters=path))
    if entity.writable:
        new, change = forms.new, forms.change
        _add(router, "POST", "", ask.create, described(takes=new, gives=forms.view, status=201))
        _add(router, "PATCH", one, ask.change, described(takes=change, gives=forms.view, parameters=path))
        _add(router, "DELETE", one, ask.archive, described(status=204, parameters=path))
        history = described(gives="HistoryPage", parameters=path)
        _add(router, "GET", f"{one}/history", ask.show_history, history)
    return router


def _add(router: APIRouter, method: str, path: str, endpoint: Any, description: dict[str, Any]) -> None:
    router.add_api_route(path, endpoint, methods=[method], **description)


def _query(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


routers = [router_of(entity) for entity in ENTITIES.values()]
