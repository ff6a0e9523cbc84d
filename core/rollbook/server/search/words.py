"""The words under which records are found: kept with each write of a record, in its transaction (D5)."""

from collections.abc import Iterable

from sqlalchemy import Connection, delete

from rollbook.domain.entity import EntityType, Values
from rollbook.domain.registry import ENTITIES
from rollbook.schema.search_text import search_text, sort_name
from rollbook.server.sync.set_wise import Row, among, insert_rows
from rollbook.server.tables import search_word

LONGEST_WORD = 60
"""Longer words are found by their beginning of so many letters: an index takes no more."""
Moved = tuple[str, str, Values | None, Values | None]
"""An entity, a record's id, its values before and after; ``None`` where it is not there, or archived."""


def note_words(connection: Connection, school_id: str, moved: Iterable[Moved]) -> None:
    """Keep the words of records as they are after a change; of several changes of one, after the last."""
    first: dict[tuple[str, str], Values | None] = {}
    last: dict[tuple[str, str], Values | None] = {}
    for name, record_id, before, after in moved:
        if ENTITIES[name].searched:
            first.setdefault((name, record_id), before)
            last[name, record_id] = after
    gone: set[str] = set()
    rows: list[Row] = []
    for key, after in last.items():
        entity = ENTITIES[key[0]]
        before = first[key]
        if _told(entity, before) == _told(entity, after):
            continue
        if before is not None:
            gone.add(key[1])
        rows += _rows(school_id, entity, key[1], after)
    if gone:
        mine = (
            search_word.c.school_id == school_id,
            among(connection, search_word.c.record_id, sorted(gone)),
        )
        connection.execute(delete(search_word).where(*mine))
    insert_rows(connection, search_word, rows)


def words_of(entity: EntityType, values: Values) -> set[str]:
    """The words by which a record is found."""
    return {word[:LONGEST_WORD] for word in search_text(entity, values).split()}


def _told(entity: EntityType, values: Values | None) -> tuple[str, str] | None:
    return None if values is None else (search_text(entity, values), sort_name(values))


def _rows(school_id: str, entity: EntityType, record_id: str, values: Values | None) -> list[Row]:
    if values is None:
        return []
    sort = sort_name(values)
    return [
        {
            "school_id": school_id,
            "word": word,
            "entity": entity.name,
            "record_id": record_id,
            "sort_name": sort,
        }
        for word in sorted(words_of(entity, values))
    ]
