"""Who may be the same person: offered at registration and for the whole school, never refused (D4)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from sqlalchemy import Connection

from rollbook.domain.entity import Values
from rollbook.domain.labels import label_of
from rollbook.schema.likeness import SURE_ENOUGH, reasons_for, weight_of
from rollbook.schema.similar_names import Names, called_alike, names_of, phone_digits
from rollbook.store import listing, merges
from rollbook.store.database import StoreDatabase

ENTITY = "student"
_LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class Similar:
    """A record that may be the same person. ``reasons`` are stable words; the more, the likelier."""

    record_id: str
    label: str
    birth_date: str | None
    reasons: tuple[str, ...]
    archived: bool

    @property
    def weight(self) -> int:
        """How much speaks for it."""
        return weight_of(self.reasons)

    @property
    def is_likely(self) -> bool:
        """Whether it is more than a namesake or a brother or sister."""
        return self.weight >= SURE_ENOUGH


def similar(store: StoreDatabase, values: Values, but: str | None = None) -> list[Similar]:
    """The records that may be the person of ``values``, the likeliest first; ``but`` is not among them."""
    with store.read() as connection:
        merged = merges.merged(connection, ENTITY)
        rows = {row["id"]: row for row in _looked_at(connection, values)}
        found = [
            Similar(row["id"], label_of(row), row["birth_date"], reasons, bool(row["deleted"]))
            for row in rows.values()
            if row["id"] != but and row["id"] not in merged and (reasons := reasons_for(values, row))
        ]
    return sorted(found, key=lambda each: (-each.weight, each.label, each.record_id))


def duplicates(store: StoreDatabase) -> list[tuple[Similar, Similar]]:
    """All likely pairs of the school, the likeliest first."""
    with store.read() as connection:
        merged = merges.merged(connection, ENTITY)
        rows = [row for row in listing.every(connection, ENTITY) if not row["deleted"]]
    found = list(_likely(row for row in rows if row["id"] not in merged))
    return sorted(found, key=lambda pair: (-pair[1].weight, pair[0].label, pair[0].record_id))


def _likely(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Similar, Similar]]:
    """Only those are compared who share a birth date or a phone: all with all would take hours."""
    together: dict[tuple[str, str], list[tuple[Names, Mapping[str, Any]]]] = {}
    for row in rows:
        words = names_of(row)
        for what, value in (("born", row["birth_date"]), ("phone", phone_digits(row["phone"]))):
            if value:
                together.setdefault((what, value), []).append((words, row))
    seen = set[tuple[str, str]]()
    for each in together.values():
        for (words, one), (others, other) in combinations(each, 2):
            pair = (one["id"], other["id"])
            if pair in seen or not called_alike(words, others):
                continue
            seen.add(pair)
            reasons = reasons_for(one, other)
            if weight_of(reasons) >= SURE_ENOUGH:
                yield _as_similar(one, reasons), _as_similar(other, reasons)


def _as_similar(row: Mapping[str, Any], reasons: tuple[str, ...]) -> Similar:
    return Similar(row["id"], label_of(row), row["birth_date"], reasons, bool(row["deleted"]))


def _looked_at(connection: Connection, values: Values) -> Iterator[Mapping[str, Any]]:
    """Those that the index finds by the names or the phone, and who has the birth date or the number."""
    asked = " ".join(str(values[name]) for name in ("family_name", "given_name") if values.get(name))
    ids = set[str]()
    phone = str(values["phone"]) if phone_digits(values.get("phone")) else ""
    for words in (asked, str(values.get("native_name") or ""), phone):
        if words.strip():
            page = listing.page(connection, ENTITY, words=words, limit=_LOOKED_AT)
            ids.update(row["id"] for row in page.rows)
    if values.get("birth_date"):
        born = listing.matching(connection, ENTITY, archived=True, birth_date=[values["birth_date"]])
        ids.update(row["id"] for row in born)
    if ids:
        yield from listing.matching(connection, ENTITY, archived=True, id=ids)
    if number := values.get("student_number"):
        yield from listing.matching(connection, ENTITY, archived=True, student_number=[number])
