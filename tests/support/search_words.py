"""The words that the server finds records by, as they are and as they should be (D5)."""

from rollbook.domain.registry import ENTITIES
from rollbook.server.search.words import words_of
from support.school_server import SchoolServer

Words = set[tuple[str, str, str]]
"""Entity, record and word."""


def words_kept(school: SchoolServer) -> Words:
    """By plain SQL."""
    rows = school.rows("SELECT entity, record_id, word FROM search_word WHERE school_id = :school")
    return {(row[0], row[1], row[2]) for row in rows}


def words_due(school: SchoolServer) -> Words:
    """Those of the school's live records."""
    return {
        (entity.name, row.id, word)
        for entity in ENTITIES.values()
        if entity.searched
        for row in school.rows(
            f"SELECT * FROM {entity.name} WHERE school_id = :school AND deleted_at IS NULL"
        )
        for word in words_of(entity, row._mapping)
    }
