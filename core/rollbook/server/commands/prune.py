"""``rollbook-server prune``: the daily work, by hand."""

from rollbook.domain.clock import Clock
from rollbook.server.commands.opening import opened
from rollbook.server.commands.speaking import DONE, say
from rollbook.server.settings import Settings
from rollbook.server.sync.horizon import Upkeep


def prune(settings: Settings, clock: Clock) -> int:
    """Write the day down, and let go of receipts and changes that are older than the settings say."""
    with opened(settings, clock) as database:
        pruned = Upkeep(database, clock, settings).run()
    say(
        f"Let go of {pruned.receipts} receipts and {pruned.changes} changes that are too old to be needed, "
        f"and of {pruned.files} parts of files that nothing names any more."
    )
    return DONE
