"""Timings and sizes of the sync engine; each is a setting (a file, or ``ROLLBOOK_…`` in the environment)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SyncSettings:
    """Seconds, unless the name says otherwise."""

    sync_poll_seconds: float = 20.0  # without a live event, ask whether there is more
    sync_live_retry_seconds: float = 5.0
    sync_live_retry_cap_seconds: float = 300.0
    sync_watch_seconds: float = 0.5  # how soon an entry saved by another process is noticed
    sync_push_operations: int = 500
    sync_page_changes: int = 2_000
    sync_snapshot_rows: int = 1_000  # the first page of a first sync; later ones are sized by time
    sync_page_seconds: float = 0.25  # a page of a first sync holds up a save for about so long at most
    sync_page_fetch_seconds: float = 3.0  # and takes about so long to arrive at most
    sync_doubt_seconds: float = 0.25  # between probes while in doubt, so that 5 failures take under 2 s
    sync_recovery_jitter: float = (
        0.2  # share of the breaker's recovery time, so that desks do not return at once
    )
    sync_backoff_base_seconds: float = 2.0
    sync_backoff_cap_seconds: float = 300.0
    sync_attempts_before_aside: int = 8
    sync_report_seconds: float = 300.0  # how often the school is told how things stand, if nothing changes
    sync_report_wait_seconds: float = 2.0
    sync_overdue_seconds: float = 120.0  # an entry that is due, online, and unsent for so long is a defect
    sync_file_cache_bytes: int = 200 * 1024 * 1024
    sync_numbers_again_seconds: float = 600.0  # after the server gave no block of numbers
    sync_acknowledged_days: float = 30.0
