"""What the last import had for each record, as marks that show a later edit (D10)."""

from collections.abc import Iterable

from sqlalchemy import Connection

from rollbook.store.rows import THESE, read, these, write


def remember(connection: Connection, run: str, marks: Iterable[tuple[str, str, str]]) -> None:
    """Note (entity, record, marks) of a run; a field that it did not have keeps its mark of before."""
    write(
        connection,
        "INSERT INTO imported (entity, entity_id, run, marks) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (entity, entity_id) DO UPDATE SET run = excluded.run, "
        "marks = json_patch(marks, excluded.marks)",
        [(entity, record_id, run, text) for entity, record_id, text in marks],
    )


def marks(connection: Connection, entity: str) -> dict[str, str]:
    """The marks of the entity's records, by record."""
    return dict(read(connection, "SELECT entity_id, marks FROM imported WHERE entity = ?", [entity]))


def forget_run(connection: Connection, run: str) -> None:
    """The run is undone: it has nothing to say of later edits."""
    write(connection, "DELETE FROM imported WHERE run = ?", [(run,)])


def forget_records(connection: Connection, record_ids: Iterable[str]) -> None:
    """The records leave this computer."""
    write(connection, f"DELETE FROM imported WHERE entity_id IN {THESE}", [(these(record_ids),)])


def forget_gone(connection: Connection, entity: str) -> None:
    """Records of the entity that are not here any more are forgotten here, too."""
    write(
        connection,
        f'DELETE FROM imported WHERE entity = ? AND entity_id NOT IN (SELECT id FROM "{entity}")',
        [(entity,)],
    )
