"""The one error form (R15) and the one table of problems that both sides know (S9)."""

from dataclasses import dataclass
from enum import StrEnum

import msgspec

TYPE_PREFIX = "urn:rollbook:problem:"


class FieldProblem(msgspec.Struct, frozen=True):
    """What is wrong with one field, and what would be right."""

    field: str
    message: str
    suggestion: str = ""
    code: str = ""


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """RFC 9457 with our members: ``error`` is the stable code, ``timestamp`` ISO 8601 in UTC."""

    type: str
    title: str
    status: int
    detail: str = ""
    error: str = ""
    request_id: str = ""
    timestamp: str = ""
    suggestion: str = ""
    errors: tuple[FieldProblem, ...] = ()


class FailureOf(StrEnum):
    """Whose failure it is, which decides what replay does (S9)."""

    SYSTEM = "system"  # everything stops, no attempt is counted
    MOMENT = "moment"  # this operation's lane backs off and is tried again
    OPERATION = "operation"  # parked or in conflict until a person acts


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One row of the table. ``code`` is stable; texts are for people and may be translated by it."""

    code: str
    status: int
    failure_of: FailureOf
    title: str
    suggestion: str


_S, _M, _O = FailureOf.SYSTEM, FailureOf.MOMENT, FailureOf.OPERATION

PROBLEM_TYPES: dict[str, ProblemType] = {
    row.code: row
    for row in (
        ProblemType("malformed-request", 400, _O, "The request could not be read.", "Report this to support with the request ID."),
        ProblemType("protocol-unsupported", 400, _S, "This program and the server speak different versions.", "Update Rollbook on this computer or on the server."),
        ProblemType("not-signed-in", 401, _S, "You are not signed in.", "Sign in again; entries are kept. More: Help, “Troubleshooting”, “Signed out, or the session has expired”."),
        ProblemType("wrong-credentials", 401, _S, "The name or the password is wrong.", "Check both and try again."),
        ProblemType("forbidden", 403, _O, "Your role does not allow this.", "Ask an administrator for the right."),
        ProblemType("not-found", 404, _O, "This does not exist on the server.", "Refresh and look again."),
        ProblemType("method-not-allowed", 405, _O, "This address does not take such a request.", "Report this to support with the request ID."),
        ProblemType("already-exists", 409, _O, "A record with this id exists already.", "Refresh and look at the existing record."),
        ProblemType("student-number-taken", 409, _O, "Another student has this student number.", "Give a new number, or say that it is the same student."),
        ProblemType("value-taken", 409, _O, "Another record has this value already.", "Use another value, or open the other record."),
        ProblemType("numbers-held", 409, _O, "The school gives no new numbers while it is being recovered.", "Enter a number by hand, or ask an administrator to end the recovery: Help, “Backup and restore”, “Until all computers have come”."),
        ProblemType("lost-with-the-registrar", 409, _O, "The school was put back to an earlier state, and has lost this entry.", "It was with the registrar, and nothing of it is kept here: enter it again, or ask the registrar."),
        ProblemType("already-decided", 409, _O, "This was decided already.", "Look at what was decided."),
        ProblemType("with-the-registrar", 409, _O, "This entry was handed to the registrar.", "The registrar's decision is told here."),
        ProblemType("still-allowed", 409, _O, "Your role allows this.", "Save it yourself; nobody need decide it."),
        ProblemType("file-missing", 409, _M, "Parts of a file have not reached the server yet.", "They are sent again by themselves."),
        ProblemType("file-quota-full", 409, _O, "The school has no room left for files.", "Ask the administrator for more room, then send the entry again."),
        ProblemType("edit-conflict", 409, _O, "Someone else changed the same fields.", "Choose which values to keep."),
        ProblemType("archived-meanwhile", 409, _O, "The record was archived meanwhile.", "Decide whether to keep it archived."),
        ProblemType("cursor-unknown", 410, _S, "The server does not know this position.", "The copy on this computer is refreshed from the start."),
        ProblemType("cursor-too-old", 410, _S, "The server keeps no changes from so long ago.", "The copy on this computer is refreshed from the start."),
        ProblemType("arrived-late", 409, _S, "This request was given up before it arrived.", "Its entries are sent again by themselves."),
        ProblemType("erased", 410, _O, "This was erased on request.", "It cannot be written any more. Who comes back is registered anew, as a new record: Help, “Erasing a person”, “If they come back”."),
        ProblemType("outcome-too-old", 409, _O, "It is too long ago to know whether the school has this entry already.", "Look at the record. Send the entry again if it is missing there, else discard it."),
        ProblemType("version-mismatch", 412, _O, "The record has changed since you read it.", "Read it again and repeat the change."),
        ProblemType("body-too-large", 413, _S, "The request is too large.", "It is sent again in smaller parts."),
        ProblemType("entry-too-large", 413, _O, "This entry is too large for the server.", "Shorten its longest values."),
        ProblemType("media-type-unsupported", 415, _O, "The server takes JSON only here.", "Report this to support with the request ID."),
        ProblemType("validation-failed", 422, _O, "Some values are not accepted.", "Correct the fields that are marked."),
        ProblemType("idempotency-mismatch", 422, _O, "This entry was sent before with other contents.", "Report this to support with the request ID."),
        ProblemType("payload-unsupported", 422, _O, "The server does not know this version of the entry.", "Update the server, then retry the entry."),
        ProblemType("entry-unreadable", 422, _O, "This version of Rollbook cannot read this entry.", "Update Rollbook, then retry the entry; or discard it, with a file of what it holds."),
        ProblemType("entry-doubtful", 422, _O, "The disk of this computer damaged the place where this entry was kept.", "Compare it with what you entered; then retry the entry, or discard it."),
        ProblemType("idempotency-key-missing", 428, _O, "The request has no idempotency key.", "Send an Idempotency-Key header."),
        ProblemType("too-many-requests", 429, _S, "The server asks to wait.", "It is tried again by itself."),
        ProblemType("internal-error", 500, _M, "The server met an unexpected error.", "It is tried again by itself; give support the request ID if it stays."),
        ProblemType("database-busy", 503, _S, "The server's database is busy.", "It is tried again by itself. If it stays: Help, “Troubleshooting”, “The database fails now and then”."),
        ProblemType("database-unavailable", 503, _S, "The server's database cannot be reached.", "It is tried again by itself. If it stays: Help, “Troubleshooting”, “The database fails now and then”."),
        ProblemType("storage-full", 503, _S, "The server's disk is full.", "The administrator must free space; entries are kept."),
        ProblemType("overloaded", 503, _S, "The server has too much to do.", "It is tried again by itself. If it stays: Help, “Troubleshooting”, “The pool is exhausted”."),
        ProblemType("deadline-exceeded", 504, _S, "The server did not finish in time.", "It is tried again by itself. If it stays: Help, “Troubleshooting”, “The server answers slowly”."),
    )
}  # fmt: skip


def problem(
    code: str,
    *,
    detail: str = "",
    request_id: str = "",
    timestamp: str = "",
    errors: tuple[FieldProblem, ...] = (),
) -> Problem:
    """A problem of the table. ``code`` must be in it (``KeyError`` else)."""
    row = PROBLEM_TYPES[code]
    return Problem(
        type=TYPE_PREFIX + row.code,
        title=row.title,
        status=row.status,
        detail=detail,
        error=row.code,
        request_id=request_id,
        timestamp=timestamp,
        suggestion=row.suggestion,
        errors=errors,
    )
