"""The files of tests that cost most, heaviest first: they are handed out first, lest one be left for the end.

pytest-xdist hands out whole files. Measured in seconds of the clock; nothing but the order hangs on it.
"""

from pathlib import Path

from support.source_files import ROOT

HEAVIEST_FIRST = (
    "tests/server/test_openapi_is_true.py",
    "tests/sync/test_fault_histories.py",
    "tests/server/test_process.py",
    "tests/crash/test_kill_9.py",
    "tests/server/test_r13_restore.py",
    "tests/sync/test_s22_give_back.py",
    "tests/server/test_s7_horizon.py",
    "tests/sync/test_s28_all_is_salvaged.py",
    "tests/core/cli/test_hostile_networks.py",
    "tests/architecture/test_core_without_qt.py",
    "tests/sync/test_s28_damaged_store.py",
    "tests/crash/test_many_kills.py",
    "tests/sync/test_s26_handover.py",
    "tests/sync/test_engine.py",
    "tests/sync/test_s28_broken_log.py",
    "tests/sync/test_s23_withdrawn.py",
    "tests/desktop/test_first_start.py",
    "tests/sync/test_same_student.py",
    "tests/desktop/test_window_goes_offline_and_comes_back.py",
    "tests/crash/test_s22_put_back.py",
    "tests/sync/test_poison.py",
    "tests/upgrades/test_s28_stores_of_earlier_releases.py",
    "tests/core/cli/test_command_line.py",
    "tests/core/cli/test_two_at_one_student.py",
    "tests/sync/test_live_behind_a_proxy.py",
    "tests/crash/test_s20_first_sync_killed.py",
    "tests/sync/test_status.py",
)
_PLACES = {str(ROOT / name): place for place, name in enumerate(HEAVIEST_FIRST)}


def place(file: Path) -> int:
    """Where a file stands in the order of the run; all that are not named come after them, as found."""
    return _PLACES.get(str(file), len(_PLACES))
