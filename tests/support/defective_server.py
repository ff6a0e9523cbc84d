"""Runs the server with a defect in it, of the kind that a release may bring: one value makes its code fall.

`python -m support.defective_server alone|batch rollbook-server serve ...`
"""

import runpy
import sys
from typing import Any

from rollbook.server.sync import push
from rollbook.server.sync.batch import Batch

POISON = "Poison"


def fall_over_one() -> None:
    """Deciding falls over an entry with the value: it has a failure of its own."""
    whole = Batch._decided

    def decided(batch: Batch, item: Any, entity: Any, operation: Any) -> Any:
        names = [change.value for change in operation.changes.values()]
        if POISON in names:
            raise ZeroDivisionError("float division by zero")
        return whole(batch, item, entity, operation)

    Batch._decided = decided  # type: ignore[method-assign]


def fall_over_the_batch() -> None:
    """Writing falls where the value is in the batch: every entry of it is answered by a 500."""
    whole = push.write_batch

    def write_batch(connection: Any, batch: Batch, new_mark: Any) -> None:
        if any(POISON in step.state.values.values() for step in batch.steps):
            raise ZeroDivisionError("float division by zero")
        whole(connection, batch, new_mark)

    push.write_batch = write_batch


def main() -> None:
    """Put the defect in, then run the real program with the arguments that follow its name."""
    {"alone": fall_over_one, "batch": fall_over_the_batch}[sys.argv[1]]()
    sys.argv = sys.argv[2:]
    runpy.run_module("rollbook.server.__main__", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
