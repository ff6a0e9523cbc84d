"""What a person has committed to, and is stored piece by piece: a crash in between only delays it (D9)."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from rollbook.store.rows import read
from rollbook.store.tables import RUN, STAGED


def put(connection: Connection, run: str, parts: Sequence[str]) -> None:
    """Keep the parts of a run until each is stored; from this transaction on the run is sure to be whole."""
    connection.execute(
        STAGED.insert(), [{"run": run, "part": part, "edits": edits} for part, edits in enumerate(parts)]
    )


def take(connection: Connection, run: str, part: int) -> str | None:
    """A part, which the caller stores in this transaction; ``None`` when another process has stored it."""
    this = (STAGED.c.run == run, STAGED.c.part == part)
    edits: str | None = connection.execute(select(STAGED.c.edits).where(*this)).scalar()
    if edits is not None:
        connection.execute(STAGED.delete().where(*this))
    return edits


def left(connection: Connection, *, undoing: bool = False) -> list[tuple[str, int]]:
    """Run and number of the parts that are not stored yet, in their order: of edits, or of undoing a run."""
    of_undo = STAGED.c.run.in_(select(RUN.c.run).where(RUN.c.undoes.is_not(None)))
    rows = connection.execute(
        select(STAGED.c.run, STAGED.c.part)
        .where(of_undo if undoing else ~of_undo)
        .order_by(STAGED.c.run, STAGED.c.part)
    )
    return [(row.run, row.part) for row in rows]


def count(connection: Connection) -> int:
    """How many parts are not stored yet."""
    ((parts,),) = read(connection, "SELECT count(*) FROM staged")
    return int(parts)
