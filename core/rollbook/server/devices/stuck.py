"""Why a computer is taken to be stuck (S30). Pure: its last report, and how long ago that was."""

from collections.abc import Iterator

from rollbook.contract.devices import DeskReport

_DAY = 86_400.0


def why_stuck(report: DeskReport, silent_seconds: float, days: float) -> tuple[str, ...]:
    """The reasons in words, the plainest first; none where it is well. ``days`` is how long is too long."""
    return tuple(_reasons(report, silent_seconds, days * _DAY))


def _reasons(report: DeskReport, silent: float, too_long: float) -> Iterator[str]:
    entries = report.waiting + report.parked + report.conflicts
    if entries and silent >= too_long:
        yield f"It has not come for {_days(silent)}, with {entries} entries that the school does not have."
    elif entries and report.oldest_seconds + silent >= too_long:
        yield f"It comes, but its oldest entry has waited for {_days(report.oldest_seconds + silent)}."
    if report.parked + report.conflicts and report.oldest_seconds + silent >= too_long:
        yield f"{report.parked} refused and {report.conflicts} in conflict need its user."
    if not report.recovers:
        yield "It says that it does not recover by itself: " + ", ".join(report.outstanding) + "."


def _days(seconds: float) -> str:
    days = int(seconds // _DAY)
    return "1 day" if days == 1 else f"{days} days"
