"""Finding records by the beginnings of their words, in the order of their names (D5)."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, FromClause, exists, literal, select, tuple_

from rollbook.contract.search import Found, FoundPage
from rollbook.domain.labels import label_by_others
from rollbook.domain.registry import ENTITIES
from rollbook.domain.scope import Act
from rollbook.schema.search_text import fold
from rollbook.server.auth.caller import Caller
from rollbook.server.problems import ProblemError
from rollbook.server.search.words import LONGEST_WORD
from rollbook.server.sync.identity import read_aliases
from rollbook.server.sync.known import RecordKey, read_records
from rollbook.server.tables import search_word

SEARCHED = tuple(entity.name for entity in ENTITIES.values() if entity.searched)
"""The entities that can be searched."""
MAX_WORDS = 8
"""More words of a question are not looked for: so many find one record out of any."""
_LAST = "\U0010ffff"
Place = tuple[str, str, str]
"""Where a page ends: a sort name, an entity, a record's id."""


def search(
    connection: Connection,
    caller: Caller,
    asked: str,
    entities: Sequence[str],
    cursor: str | None,
    limit: int,
) -> FoundPage:
    """A page of what the caller may see of ``entities`` with a word for each beginning that is asked for.

    Raises :class:`ProblemError`: ``forbidden`` for who may see none of them, ``validation-failed``.
    """
    place = None if cursor is None else _place(cursor)
    words = {word[:LONGEST_WORD] for word in fold(asked).split()[:MAX_WORDS]}
    readable = [name for name in entities if caller.may(Act.READ, name)]
    if not readable:
        raise ProblemError("forbidden")
    found: dict[RecordKey, Found] = {}
    while words:
        rows = _behind(connection, caller.school_id, words, readable, place, limit + 1)
        shown = _shown(connection, caller, rows)
        for row in rows:
            if len(found) == limit:
                return FoundPage(list(found.values()), _cursor(place))
            place, hit = row, shown.get(row[1:])
            if hit is not None:
                found.setdefault((hit.entity, hit.id), hit)
        if len(rows) <= limit:
            break
    return FoundPage(list(found.values()))


def _behind(
    connection: Connection,
    school_id: str,
    words: set[str],
    entities: Sequence[str],
    place: Place | None,
    limit: int,
) -> list[Place]:
    """Records with all the words behind ``place``. The longest word, which the fewest have, is looked up."""
    first, *others = sorted(words, key=lambda word: (-len(word), word))
    order = (search_word.c.sort_name, search_word.c.entity, search_word.c.record_id)
    query = (
        select(*order)
        .distinct()
        .where(search_word.c.school_id == school_id, *_begins(search_word.c.word, first))
        .where(search_word.c.entity.in_(entities))
        .order_by(*order)
        .limit(limit)
    )
    for word in others:
        other = search_word.alias()
        same = (other.c[name] == search_word.c[name] for name in ("school_id", "record_id", "entity"))
        query = query.where(exists().where(*same, *_begins(_of_the_record(connection, other), word)))
    if place is not None:
        query = query.where(tuple_(*order) > tuple_(*map(literal, place)))
    return [(row[0], row[1], row[2]) for row in connection.execute(query)]


def _begins(words: ColumnElement[str], word: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """As a range, which the index of both databases answers."""
    return words >= word, words < word + _LAST


def _of_the_record(connection: Connection, other: FromClause) -> ColumnElement[str]:
    """SQLite knows not how many words begin so, and would go through them anew for each record."""
    return other.c.word.concat("") if connection.dialect.name == "sqlite" else other.c.word


def _shown(connection: Connection, caller: Caller, places: Sequence[Place]) -> dict[RecordKey, Found]:
    """What the caller may see of those, by entity and id; an alias is shown as what it means (D4)."""
    by_entity: dict[str, list[str]] = {}
    for _sort, name, record_id in places:
        by_entity.setdefault(name, []).append(record_id)
    found: dict[RecordKey, Found] = {}
    for name, ids in by_entity.items():
        entity = ENTITIES[name]
        meant = read_aliases(connection, caller.school_id, name, ids)
        records = read_records(connection, caller.school_id, entity, {meant.get(each, each) for each in ids})
        for each in ids:
            record_id = meant.get(each, each)
            state = records.get(record_id)
            if state is None or state.deleted:
                continue
            if caller.covers(Act.READ, name, record_id, state.values):
                label = label_by_others(entity, state.values, lambda _id: "")
                href = f"/api/v1/{entity.plural}/{record_id}"
                found[name, each] = Found(name, record_id, label, href)
    return found


def _cursor(place: Place | None) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode()


def _place(cursor: str) -> Place:
    try:
        text = base64.b64decode(cursor.encode(), altchars=b"-_", validate=True)
        place: Any = msgspec.json.decode(text, type=Place)
    except (binascii.Error, msgspec.MsgspecError, UnicodeError):
        place = None
    if place is None or any("\x00" in part for part in place):  # PostgreSQL takes no such text
        raise ProblemError("validation-failed", "The cursor is not one that this search gave.")
    return place[0], place[1], place[2]
