"""What an alert says: codes, templates of routes, counts and the ID; of nobody's data anything (R18, R19)."""

from rollbook.contract.problems import PROBLEM_TYPES
from rollbook.server.alerting.groups import Happened


def title_of(happened: Happened, host: str) -> str:
    """The subject of a message."""
    return f"Rollbook on {host}: {happened.kind}"


def body_of(happened: Happened, host: str, repeat_seconds: float, *, is_summary: bool) -> str:
    """The message."""
    title = PROBLEM_TYPES[happened.kind].title
    more = " more" if is_summary else ""
    times = f"{happened.count}{more} time{'' if happened.count == 1 else 's'}"
    minutes = max(1, round(repeat_seconds / 60))
    return "\n".join(
        [
            f"{title} ({happened.kind})",
            f"Where: {happened.route}, on {host}",
            f"How often: {times}, from {happened.first_at} to {happened.last_at}",
            f"Request ID of the latest: {happened.request_id or 'none'}",
            "",
            f"What happened then: rollbookctl support find {happened.request_id}"
            if happened.request_id
            else "The server's log tells more.",
            "What to do: the guide “Troubleshooting” (F1 in the window, /help at the server).",
            f"If it goes on, the next message comes in {minutes} minutes, with how often.",
        ]
    )
