"""What was done to accounts, computers and the school as a whole: who, when, to whom."""

from enum import StrEnum

import msgspec


class Deed(StrEnum):
    """What is written down. What happens to records is in their own history."""

    ACCOUNT_MADE = "account-made"
    SIGN_IN_CHANGED = "sign-in-changed"  # a new password
    ROLE_CHANGED = "role-changed"
    COMPUTER_REVOKED = "computer-revoked"
    RECOVERY_BEGUN = "recovery-begun"
    RECOVERY_ENDED = "recovery-ended"
    ERASED = "erased"  # a person, on request: the entity and the id alone, and the reason (D3)
    ERASED_AGAIN = "erased-again"  # after a restore had brought them back


class AuditEntry(msgspec.Struct, frozen=True):
    """``subject`` is a user's name, a computer's id, or the id of who was erased.

    ``detail`` is a role where that is what changed, and the reason of an erasure.
    """

    number: int
    at: str
    by: str
    what: Deed
    subject: str
    detail: str = ""
    request_id: str = ""


class AuditPage(msgspec.Struct, frozen=True):
    """The latest first; ``next`` is the number to go on before."""

    entries: list[AuditEntry]
    next: int | None = None
