"""Finding records by the beginnings of their words, in the order of their names (D5)."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    and_,
    exists,
    false,
    literal,
    or_,
    select,
    true,
    tuple_,
)

from rollbook.contract.search import Found, FoundPage
from rollbook.domain.labels import label_by_others
from rollbook.domain.registry import ENTITIES
from rollbook.domain.scope import Act
from rollbook.schema.search_text import Alternatives, asked_words
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
    wanted = _cut(asked_words(asked)[:MAX_WORDS])
    readable = [name for name in entities if caller.may(Act.READ, name)]
    if not readable:
        raise ProblemError("forbidden")
    found: dict[RecordKey, Found] = {}
    while wanted:
        rows = _behind(connection, caller.school_id, wanted, readable, place, limit + 1)
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


def _cut(wanted: list[Alternatives]) -> list[Alternatives]:
    return [[tuple(word[:LONGEST_WORD] for word in words) for words in each] for each in wanted]


def _behind(
    connection: Connection,
    school_id: str,
    wanted: list[Alternatives],
    entities: Sequence[str],
    place: Place | None,
    limit: int,
) -> list[Place]:
    """Records with all that is wanted behind ``place``. What the fewest have, the longest, is looked up."""
    first, *others = sorted(wanted, key=lambda each: (-min(len(words[0]) for words in each), each))
    order = (search_word.c.sort_name, search_word.c.entity, search_word.c.record_id)
    query = (
        select(*order)
        .distinct()
        .where(search_word.c.school_id == school_id, _one_of(connection, search_word, first))
        .where(search_word.c.entity.in_(entities))
        .order_by(*order)
        .limit(limit)
    )
    for each in others:
        query = query.where(or_(false(), *(_has_all(connection, search_word, words) for words in each)))
    if place is not None:
        query = query.where(tuple_(*order) > tuple_(*map(literal, place)))
    return [(row[0], row[1], row[2]) for row in connection.execute(query)]


def _one_of(connection: Connection, of: FromClause, alternatives: Alternatives) -> ColumnElement[bool]:
    """The row's own word is the first of an alternative, and its record has the others."""
    found = [
        and_(*_begins(of.c.word, words[0]), _has_all(connection, of, words[1:])) for words in alternatives
    ]
    return or_(false(), *found)


def _has_all(connection: Connection, of: FromClause, words: Sequence[str]) -> ColumnElement[bool]:
    """The record of the row has words with all of these beginnings."""
    found = []
    for word in words:
        other = search_word.alias()
        same = (other.c[name] == of.c[name] for name in ("school_id", "record_id", "entity"))
        found.append(exists().where(*same, *_begins(_of_the_record(connection, other), word)))
    return and_(true(), *found)


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
