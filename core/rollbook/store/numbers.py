"""Numbers reserved for this desk: which are free, and which record has each (S16)."""

from collections.abc import Collection

import msgspec
from sqlalchemy import Connection, func, select, update

from rollbook.contract.numbers import NumberBlock
from rollbook.store import rows
from rollbook.store.tables import NUMBER, NUMBER_BLOCK, REPLICA


def add_block(connection: Connection, block: NumberBlock) -> None:
    """Keep a block that the server gave; one that is here already is left as it is."""
    if connection.execute(select(NUMBER_BLOCK.c.id).where(NUMBER_BLOCK.c.id == block.id)).first():
        return
    connection.execute(
        NUMBER_BLOCK.insert().values(
            id=block.id,
            entity=block.entity,
            field=block.field,
            block=msgspec.json.encode(block).decode(),
        )
    )
    connection.execute(
        NUMBER.insert(),
        [
            {"entity": block.entity, "field": block.field, "value": value, "block_id": block.id}
            for value in block.texts()
        ],
    )


def live_blocks(connection: Connection) -> list[NumberBlock]:
    """The blocks that still have a free number."""
    free = select(NUMBER.c.block_id).where(NUMBER.c.used_by.is_(None))
    found = connection.execute(select(NUMBER_BLOCK.c.block).where(NUMBER_BLOCK.c.id.in_(free)))
    return [msgspec.json.decode(text, type=NumberBlock) for text in found.scalars()]


def runs_low(connection: Connection, entity: str, field: str) -> bool:
    """Whether less than half a block is left; also where there was never one."""
    of_field = (NUMBER.c.entity == entity, NUMBER.c.field == field)
    newest = select(NUMBER.c.block_id).where(*of_field).order_by(NUMBER.c.position.desc()).limit(1)
    size = connection.execute(
        select(func.count()).where(NUMBER.c.block_id == newest.scalar_subquery())
    ).scalar_one()
    left = connection.execute(select(func.count()).where(*of_field, NUMBER.c.used_by.is_(None))).scalar_one()
    return left * 2 < size or left == 0


def next_free(connection: Connection, entity: str, field: str, passing: Collection[str] = ()) -> str | None:
    """The next number that no record has, passing over some; ``None`` when none is left."""
    column = REPLICA[entity].c[field]
    free = connection.execute(
        select(NUMBER.c.value)
        .where(NUMBER.c.entity == entity, NUMBER.c.field == field, NUMBER.c.used_by.is_(None))
        .order_by(NUMBER.c.position)
    ).scalars()
    for value in free:
        # A number typed by hand may be one of ours, and stays with who has it, archived or not.
        shown = select(column).where(REPLICA[entity].c.deleted.in_((0, 1)), column == value)
        if value not in passing and connection.execute(shown).first() is None:
            return str(value)
    return None


def use(connection: Connection, entity: str, field: str, value: str, record_id: str) -> str | None:
    """Give the number to the record, for good, in the transaction that saves it.

    Returns the id of another record that was given it before and still has it; ``None`` when all is well,
    or when the number is none of ours.
    """
    found = rows.read(
        connection,
        "SELECT position, used_by FROM number WHERE entity = ? AND field = ? AND value = ?",
        (entity, field, value),
    )
    if not found or found[0][1] == record_id:
        return None
    position, used_by = found[0]
    table = REPLICA[entity]
    has_it = select(table.c.id).where(table.c.id == used_by, table.c[field] == value)
    if used_by is not None and connection.execute(has_it).first():
        return str(used_by)
    connection.execute(update(NUMBER).where(NUMBER.c.position == position).values(used_by=record_id))
    return None
