"""Reserving blocks of numbers: each number goes to one desk, and never again to another (S16, S22)."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, Connection, cast, func, insert, select, update

from rollbook.contract.numbers import MAX_DIGITS, MAX_IN_BLOCK, MAX_LIVE, BlockRequest, NumberBlock
from rollbook.contract.problems import FieldProblem
from rollbook.domain.clock import Clock
from rollbook.domain.registry import ENTITIES
from rollbook.domain.scope import Act
from rollbook.server.auth.caller import Caller
from rollbook.server.database import Database
from rollbook.server.database_errors import Trouble
from rollbook.server.numbers.hold import numbers_held
from rollbook.server.problems import ProblemError
from rollbook.server.request_context import current
from rollbook.server.settings import Settings
from rollbook.server.sync.incoming import is_operation_id
from rollbook.server.tables import number_block, number_series, record_tables


class NumberService:
    """Gives out blocks of numbers."""

    def __init__(self, database: Database, settings: Settings, clock: Clock) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock

    def reserve(self, caller: Caller, asked: BlockRequest) -> NumberBlock:
        """The next block of the series, for the desk that asks; durable when this returns.

        Raises :class:`ProblemError`: ``forbidden``, ``validation-failed``, ``numbers-held``,
        ``already-exists`` for an id that another desk has used.
        """
        _check(caller, asked)

        def work(connection: Connection) -> NumberBlock:
            following = _held_series(connection, caller.school_id, asked.entity, asked.field)
            known = self._given_before(connection, caller, asked.id)
            if known is not None:
                return known
            if numbers_held(connection, caller.school_id):
                raise ProblemError("numbers-held")
            following = max(following, self._note_live(connection, caller, asked.live))
            block = self._next_block(connection, caller, asked, following)
            self._keep(connection, caller, block)
            _move_series(connection, caller.school_id, block)
            return block

        return self._database.write(work, again_on=frozenset({Trouble.INTEGRITY}))

    def report(self, caller: Caller, live: list[NumberBlock]) -> None:
        """Note the blocks that a desk still gives out, so that none of their numbers is given again (S22)."""
        for block in live:
            _check(caller, block)

        def work(connection: Connection) -> None:
            for entity, field in sorted({(block.entity, block.field) for block in live}):
                _held_series(connection, caller.school_id, entity, field)
            self._note_live(connection, caller, live)

        self._database.write(work, again_on=frozenset({Trouble.INTEGRITY}))

    def _given_before(self, connection: Connection, caller: Caller, block_id: str) -> NumberBlock | None:
        row = _row_of(connection, caller.school_id, block_id)
        if row is None:
            return None
        if (row.device, row.owner) != (current().device, caller.user_id):
            raise ProblemError("already-exists")
        return _as_block(row)

    def _note_live(self, connection: Connection, caller: Caller, live: Iterable[NumberBlock]) -> int:
        """Keep those that are not known, as after a restore; gives the number behind all of them."""
        behind = 1
        for block in live:
            _check_block(block)
            if _row_of(connection, caller.school_id, block.id) is None:
                self._keep(connection, caller, block)
            _move_series(connection, caller.school_id, block)
            behind = max(behind, block.last + 1)
        return behind

    def _next_block(
        self, connection: Connection, caller: Caller, asked: BlockRequest, following: int
    ) -> NumberBlock:
        highest, text = _highest(
            connection, caller.school_id, asked.entity, asked.field, self._settings.number_prefix
        )
        first = max(following, highest + 1)
        filled = len(text) if text.startswith("0") else 0
        return NumberBlock(
            id=asked.id,
            entity=asked.entity,
            field=asked.field,
            prefix=self._settings.number_prefix,
            digits=self._settings.number_digits or filled,
            first=first,
            last=first + min(self._settings.number_block_size, MAX_IN_BLOCK) - 1,
        )

    def _keep(self, connection: Connection, caller: Caller, block: NumberBlock) -> None:
        made = {
            "school_id": caller.school_id,
            "device": current().device,
            "owner": caller.user_id,
            "at": self._clock.now().isoformat(timespec="milliseconds"),
        }
        connection.execute(insert(number_block).values(**made, **_columns(block)))


def _check(caller: Caller, asked: BlockRequest | NumberBlock) -> None:
    entity = ENTITIES.get(asked.entity)
    spec = entity.field(asked.field) if entity is not None else None
    if entity is None or spec is None or not spec.numbered:
        raise _unfit("field", "There is no series of numbers for this field.")
    if not caller.may(Act.WRITE, entity.name):
        raise ProblemError("forbidden")
    if not is_operation_id(asked.id):
        raise _unfit("id", "This is missing or not of its form.")
    if isinstance(asked, BlockRequest):
        if len(asked.live) > MAX_LIVE:
            raise _unfit("live", f"At most {MAX_LIVE} blocks are taken at once.")
        for block in asked.live:
            _check(caller, block)
    else:
        _check_block(asked)


def _check_block(block: NumberBlock) -> None:
    sound = 0 < block.first <= block.last < 10**MAX_DIGITS and block.last - block.first < MAX_IN_BLOCK
    if not sound or not 0 <= block.digits <= MAX_DIGITS or len(block.prefix) > MAX_DIGITS:
        raise _unfit("live", "This is no block of numbers.")


def _unfit(field: str, message: str) -> ProblemError:
    problem = FieldProblem(field=field, message=message, code="wrong-form")
    return ProblemError("validation-failed", errors=(problem,))


def _held_series(connection: Connection, school_id: str, entity: str, field: str) -> int:
    """The lowest number never handed out. The series is ours until the commit."""
    key = {"school_id": school_id, "entity": entity, "field": field}
    query = select(number_series.c.next).where(*(number_series.c[name] == key[name] for name in key))
    found = connection.execute(query.with_for_update()).scalar()
    if found is not None:
        return int(found)
    connection.execute(insert(number_series).values(**key, next=1))  # a race for it is run again
    return 1


def _move_series(connection: Connection, school_id: str, block: NumberBlock) -> None:
    connection.execute(
        update(number_series)
        .where(
            number_series.c.school_id == school_id,
            number_series.c.entity == block.entity,
            number_series.c.field == block.field,
            number_series.c.next <= block.last,
        )
        .values(next=block.last + 1)
    )


def _highest(connection: Connection, school_id: str, entity: str, field: str, prefix: str) -> tuple[int, str]:
    """The highest number that a record has, archived or not, and its digits as written; ``(0, "")``."""
    table = record_tables[entity]
    digits = func.substr(table.c[field], len(prefix) + 1)
    value = cast(digits, BigInteger)
    found = connection.execute(
        select(value, digits)
        .where(
            table.c.school_id == school_id,
            func.substr(table.c[field], 1, len(prefix)) == prefix,
            func.ltrim(digits, "0123456789") == "",
            func.length(digits).between(1, MAX_DIGITS),
        )
        .order_by(value.desc(), func.length(digits).desc())
        .limit(1)
    ).first()
    return (0, "") if found is None else (int(found[0]), str(found[1]))


def _row_of(connection: Connection, school_id: str, block_id: str) -> Any:
    return connection.execute(
        select(number_block).where(number_block.c.school_id == school_id, number_block.c.id == block_id)
    ).first()


def _columns(block: NumberBlock) -> dict[str, Any]:
    return {name: getattr(block, name) for name in NumberBlock.__struct_fields__}


def _as_block(row: Any) -> NumberBlock:
    return NumberBlock(**{name: getattr(row, name) for name in NumberBlock.__struct_fields__})
