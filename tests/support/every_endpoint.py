"""Every endpoint of the application, walked from its routes, with a request that each can be sent."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from rollbook.domain.entity import EntityType
from rollbook.domain.registry import ENTITIES

OPENAPI_PAGE = "/api/v1/openapi.json"
_PLACE = re.compile(r"{(\w+)}")
_EXAMPLES = {"string": "x", "integer": 1, "number": 1, "boolean": True, "object": {}, "null": None}
_OTHER = {"integer": "x", "number": "x", "boolean": "x"}


_GENERATED = {
    f"/api/v1/{entity.plural}{rest}": entity
    for entity in ENTITIES.values()
    for rest in ("", f"/{{{entity.name}_id}}", f"/{{{entity.name}_id}}/history")
}


def generated_for(path: str) -> EntityType | None:
    """The entity from whose description the path was made, if it was."""
    return _GENERATED.get(path)


def general_name(method: str, path: str) -> str:
    """``GET /api/v1/{plural}/{id}`` for such a path of any entity; of another path, it with its method."""
    entity = generated_for(path)
    if entity is None:
        return f"{method} {path}"
    alike = path.replace(f"/{entity.plural}", "/{plural}")
    return f"{method} {alike.replace(f'{{{entity.name}_id}}', '{id}')}"


@dataclass(frozen=True)
class Endpoint:
    """One method of one path, as the application describes it."""

    method: str
    path: str
    described: Mapping[str, Any] = field(compare=False, repr=False)
    components: Mapping[str, Any] = field(compare=False, repr=False)

    @property
    def name(self) -> str:
        """How tables name it."""
        return f"{self.method} {self.path}"

    @property
    def entity(self) -> EntityType | None:
        """The entity for which it was made from the registry; ``None`` for one that stands by itself."""
        return generated_for(self.path)

    @property
    def general(self) -> str:
        """Its name; of one that was made for an entity, what they are all called."""
        return general_name(self.method, self.path)

    @property
    def signed_in(self) -> bool:
        """Whether it asks who one is."""
        return any("SignedIn" in each for each in self.described.get("security", []))

    @property
    def of_a_school(self) -> bool:
        """Whether it is asked of one school."""
        return "x-rollbook-school" in self._parameters("header")

    @property
    def takes_json(self) -> bool:
        """Whether it reads a JSON body."""
        return "application/json" in self.described.get("requestBody", {}).get("content", {})

    @property
    def places(self) -> list[str]:
        """The names in its path."""
        return _PLACE.findall(self.path)

    def url(self, known: Mapping[str, Any]) -> str:
        """Its path with what is ``known`` in its places, and examples where nothing is."""
        parameters = self._parameters("path")
        examples = {name: self._example(parameters[name]) for name in self.places}
        return _PLACE.sub(lambda found: str(known.get(found[1], examples[found[1]])), self.path)

    def needed_query(self) -> dict[str, Any]:
        """The parameters without which its query is refused."""
        needed = [each for each in self.described.get("parameters", []) if each.get("required")]
        return {each["name"]: self._example(each["schema"]) for each in needed if each["in"] == "query"}

    def body(self) -> Any:
        """A body of the right form with the least in it; ``None`` where it takes none."""
        if not self.takes_json:
            return None
        return self._example(self.described["requestBody"]["content"]["application/json"]["schema"])

    def body_of_wrong_type(self) -> Any:
        """A body whose first member is of another type."""
        schema = self._resolved(self.described["requestBody"]["content"]["application/json"]["schema"])
        name, member = next(iter(schema["properties"].items()))
        wrong = 7 if self._resolved(member).get("type") == "string" else "x"
        return self.body() | {name: wrong}

    def query_of_wrong_type(self) -> dict[str, str]:
        """A query with a parameter of a wrong type; empty where any text will do."""
        for name, schema in self._parameters("query").items():
            kinds = {each.get("type") for each in schema.get("anyOf", [schema])}
            if not kinds & {"string"}:
                return {name: "x"}
        return {}

    def _parameters(self, place: str) -> dict[str, Any]:
        return {
            each["name"]: each["schema"]
            for each in self.described.get("parameters", [])
            if each["in"] == place
        }

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        reference = schema.get("$ref")
        return schema if reference is None else self.components[reference.rpartition("/")[2]]

    def _example(self, schema: Mapping[str, Any]) -> Any:
        schema = self._resolved(schema)
        if "enum" in schema:
            return schema["enum"][0]
        if "anyOf" in schema:
            return self._example(schema["anyOf"][0])
        if schema.get("type") == "array":
            return [self._example(each) for each in schema.get("prefixItems", [])]
        if "properties" in schema:
            return {name: self._example(schema["properties"][name]) for name in schema.get("required", [])}
        return _EXAMPLES[schema.get("type", "object")]


def every_endpoint(app: FastAPI) -> list[Endpoint]:
    """All that the application answers, by its routes. One that it does not describe is an error."""
    page = app.openapi()
    found = []
    for route in iter_route_contexts(app.routes):
        for method in sorted((route.methods or set()) - {"HEAD"}):
            described = page["paths"].get(route.path, {}).get(method.lower(), {})
            assert described or route.path == OPENAPI_PAGE, f"not in the OpenAPI page: {method} {route.path}"
            found.append(Endpoint(method, str(route.path), described, page["components"]["schemas"]))
    return found
