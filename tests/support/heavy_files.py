"""The files of tests that cost most, heaviest first: they are handed out first, lest one be left for the end.

pytest-xdist hands out whole files. Measured in seconds of processor time; nothing but the order hangs on it.
"""

from pathlib import Path

from support.source_files import ROOT

HEAVIEST_FIRST = (
    "tests/crash/test_kill_9.py",
    "tests/sync/test_s26_handover.py",
    "tests/sync/test_fault_histories.py",
    "tests/crash/test_s22_put_back.py",
    "tests/crash/test_s20_first_sync_killed.py",
    "tests/core/cli/test_proposals.py",
    "tests/sync/test_s22_give_back.py",
    "tests/sync/test_poison.py",
    "tests/crash/test_many_kills.py",
    "tests/sync/test_engine.py",
    "tests/upgrades/test_s28_stores_of_earlier_releases.py",
    "tests/core/cli/test_two_at_one_student.py",
    "tests/core/cli/test_command_line.py",
    "tests/sync/test_status.py",
    "tests/sync/test_seen_in_histories.py",
    "tests/sync/test_s23_withdrawn.py",
    "tests/sync/test_s28_all_is_salvaged.py",
    "tests/core/cli/test_hostile_networks.py",
    "tests/sync/test_s28_damaged_store.py",
    "tests/sync/test_s28_silent_damage.py",
    "tests/sync/test_s28_broken_log.py",
)
_PLACES = {str(ROOT / name): place for place, name in enumerate(HEAVIEST_FIRST)}


def place(file: Path) -> int:
    """Where a file stands in the order of the run; all that are not named come after them, as found."""
    return _PLACES.get(str(file), len(_PLACES))
