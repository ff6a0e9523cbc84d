"""What became of operations whose outcome the sender does not know (S7)."""

from sqlalchemy import Connection

from rollbook.contract.feed import START
from rollbook.contract.operations import Outcome, ReceiptsRequest, ReceiptsResponse, Result
from rollbook.server.auth.caller import Caller
from rollbook.server.database import Database
from rollbook.server.problems import ProblemError
from rollbook.server.proposals.repository import kept
from rollbook.server.sync.feed import check_known
from rollbook.server.sync.horizon import too_old
from rollbook.server.sync.known import read_receipts

MAX_ASKED = 5_000


def receipts_of(
    database: Database, caller: Caller, request: ReceiptsRequest, known: str = START
) -> ReceiptsResponse:
    """The receipts that exist, in the order asked; an id not named was never applied.

    Raises :class:`ProblemError` ``cursor-unknown`` as :func:`check_known` does.
    """
    op_ids = request.op_ids
    if len(op_ids) > MAX_ASKED:
        raise ProblemError("body-too-large", f"At most {MAX_ASKED} operations may be asked for at once.")

    def read(connection: Connection) -> ReceiptsResponse:
        check_known(connection, caller.school_id, known)
        # Only ids without NUL can have a receipt, and PostgreSQL takes no other text.
        asked = {op_id for op_id in op_ids if "\x00" not in op_id}
        found = read_receipts(connection, caller.school_id, caller.user_id, asked)
        return ReceiptsResponse(
            [
                Result(
                    op_id=op_id,
                    outcome=Outcome.DUPLICATE,
                    version=found[op_id].version,
                    merged_fields=found[op_id].merged_fields,
                )
                for op_id in dict.fromkeys(op_ids)
                if op_id in found
            ],
            too_old(connection, caller.school_id, request.again, asked - found.keys()),
            sorted(kept(connection, caller.school_id, caller.user_id, asked)),
        )

    return database.read(read)
