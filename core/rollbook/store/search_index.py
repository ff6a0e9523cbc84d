"""The full-text index over a replica's ``search_text``, which follows the table by triggers (D5)."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, bindparam, select, text, update

from rollbook.domain.registry import ENTITIES
from rollbook.schema.search_text import searched_words
from rollbook.store.rows import changed
from rollbook.store.tables import REPLICA, SEARCHED

_MERGED_AT_ONCE = 500
"""Pages of the index: a save waits for under a tenth of a second."""


def has_search_index(connection: Connection, table: str) -> bool:
    """Whether the index and all of its triggers are there."""
    wanted = _statements(table).keys()
    found = connection.execute(text("SELECT name FROM sqlite_master WHERE type IN ('table', 'trigger')"))
    return wanted <= set(found.scalars())


def make_search_index(connection: Connection, table: str) -> None:
    """Make what is missing of it, and index the rows that are there already."""
    if has_search_index(connection, table):
        return
    for statement in _statements(table).values():
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql(f"INSERT INTO {table}_search({table}_search) VALUES ('rebuild')")


def find_words_anew(connection: Connection) -> None:
    """Make the words of all records as this version has them; the indexes follow by their triggers."""
    for name in SEARCHED:
        table, entity = REPLICA[name], ENTITIES[name]
        columns = [table.c[each] for each in entity.searched]
        rows = connection.execute(
            select(table.c.row, table.c.search_text, *columns).where(table.c.deleted == 0)
        )
        found = [
            {"the_row": row.row, "words": words}
            for row in rows
            if (words := searched_words(row[2:])) != row.search_text
        ]
        if found:
            statement = update(table).where(table.c.row == bindparam("the_row"))
            connection.execute(statement.values(search_text=bindparam("words")), found)


@contextmanager
def indexed_at_once(connection: Connection, table: str) -> Iterator[None]:
    """New rows of the block are indexed by one statement at its end: a fraction of what the trigger takes.

    All in the caller's transaction: nobody sees the table without its trigger, nor a row without its words.
    """
    last = connection.exec_driver_sql(f'SELECT coalesce(max(row), 0) FROM "{table}"').scalar_one()
    trigger = f"{table}_searched_added"
    connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
    yield
    connection.exec_driver_sql(
        f"INSERT INTO {table}_search(rowid, search_text) "
        f'SELECT row, search_text FROM "{table}" WHERE row > ?',
        (last,),
    )
    connection.exec_driver_sql(_statements(table)[trigger])


def merge_some(connection: Connection, table: str, *, first: bool) -> bool:
    """Go on with making the index one piece; ``False`` when it is. ``first`` begins it.

    A first sync leaves it in many pieces. Each save would go on merging them, at twice its own price.
    """
    before = changed(connection)
    pages = -_MERGED_AT_ONCE if first else _MERGED_AT_ONCE
    connection.exec_driver_sql(
        f"INSERT INTO {table}_search({table}_search, rank) VALUES ('merge', ?)", (pages,)
    )
    return changed(connection) - before > 1  # the command itself counts as one


def _statements(table: str) -> dict[str, str]:
    index = f"{table}_search"
    add = f"INSERT INTO {index}(rowid, search_text) VALUES (new.row, new.search_text);"
    remove = f"INSERT INTO {index}({index}, rowid, search_text) VALUES ('delete', old.row, old.search_text);"
    made = "CREATE TRIGGER IF NOT EXISTS"
    return {
        index: f"CREATE VIRTUAL TABLE IF NOT EXISTS {index} USING fts5("
        f"search_text, content='{table}', content_rowid='row', prefix='1')",
        f"{table}_searched_added": f"{made} {table}_searched_added AFTER INSERT ON {table} BEGIN {add} END",
        f"{table}_searched_removed": f"{made} {table}_searched_removed AFTER DELETE ON {table} "
        f"BEGIN {remove} END",
        f"{table}_searched_changed": f"{made} {table}_searched_changed "
        f"AFTER UPDATE OF search_text ON {table} "
        f"WHEN old.search_text IS NOT new.search_text BEGIN {remove} {add} END",
    }
