"""What an error dialog says (W9, R17): title, cause, whether the entry is safe, next step, request ID."""

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QCoreApplication

from rollbook.client.values import FirstAttempt, Saved
from rollbook_desktop.viewmodels.labels import field_label

translate = QCoreApplication.translate


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """``reference`` is the request's ID, or the action's where no request was made.

    ``details`` are for support and hold ids and codes only, no pupil's data. ``op_id`` names the entry.
    """

    title: str
    cause: str
    safety: str
    next_step: str
    reference: str
    details: str
    op_id: str | None = None


def report_of(saved: Saved, called: str, attempt: FirstAttempt) -> ErrorReport | None:
    """The report of a save's first attempt; ``None`` where there is nothing to say in a dialog (W10)."""
    outcome, problem = attempt.outcome, attempt.problem or {}
    if outcome == "waiting" and problem:
        outcome = "failed"  # the server did answer, with an error of its own
    if outcome not in ("parked", "conflict", "failed"):
        return None
    return ErrorReport(
        title=_title(outcome, problem).format(name=called or translate("errors", "the record")),
        cause=cause_of(problem),
        safety=_safety(outcome),
        next_step=_next_step(outcome, problem),
        reference=attempt.request_id or attempt.action_id,
        details=details_of(
            outcome=outcome,
            error=problem.get("error"),
            status=problem.get("status"),
            request_id=attempt.request_id,
            action_id=attempt.action_id,
            operation=saved.op_id,
            record=saved.entity_id,
        ),
        op_id=saved.op_id,
    )


def _title(outcome: str, problem: dict[str, Any]) -> str:
    by_error = {
        "student-number-taken": translate("errors", "Another student has the number entered for {name}."),
        "value-taken": translate("errors", "Another record has a value entered for {name}."),
        "archived-meanwhile": translate("errors", "{name} was archived at the school meanwhile."),
        "forbidden": translate("errors", "You may not change {name}."),
    }
    by_outcome = {
        "parked": translate("errors", "The school did not accept the entry for {name}."),
        "conflict": translate("errors", "Someone else changed {name} at the same time."),
        "failed": translate("errors", "The school's server had trouble with the entry for {name}."),
    }
    return by_error.get(str(problem.get("error"))) or by_outcome[outcome]


def cause_of(problem: dict[str, Any]) -> str:
    """What the server said, field by field where it did."""
    parts = [str(problem.get("detail") or problem.get("title") or "")]
    for item in problem.get("errors") or ():
        words = f"{item.get('message', '')} {item.get('suggestion', '')}".strip()
        parts.append(f"{field_label(str(item.get('field', '')))}: {words}")
    return "\n".join(part for part in parts if part) or translate("errors", "The server gave no reason.")


def details_of(**facts: object) -> str:
    """Facts for support, one a line; what is not known is left out."""
    return "\n".join(f"{name}: {fact}" for name, fact in facts.items() if fact not in (None, ""))


def unexpected_report(error: BaseException, detail: str, reference: str = "") -> ErrorReport:
    """The report of what should not have happened on this computer."""
    return ErrorReport(
        title=translate("errors", "That did not work on this computer."),
        cause=detail or type(error).__name__,
        safety=translate("errors", "What was saved before is safe."),
        next_step=translate("errors", "Try it again. If it stays, give the details to support."),
        reference=reference,
        details=details_of(error=type(error).__name__, request_id=reference),
    )


def _safety(outcome: str) -> str:
    if outcome == "failed":
        return translate(
            "errors", "Your entry is safe: it is saved on this computer and is sent again by itself."
        )
    return translate(
        "errors", "Your entry is safe: it is saved on this computer. The school does not have it yet."
    )


def _next_step(outcome: str, problem: dict[str, Any]) -> str:
    suggestion = str(problem.get("suggestion") or "")
    if outcome == "failed":
        return translate("errors", "Nothing to do now. If it stays, give the request ID to support.")
    return suggestion or translate("errors", "Correct the record and save it again.")
