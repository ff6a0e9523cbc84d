"""What the form says of the entry that was saved last, for as long as its record is shown (W2)."""

from PySide6.QtCore import QCoreApplication

from rollbook.client.values import WaitingEntry

translate = QCoreApplication.translate


def words_of_entry(entry: WaitingEntry | None, *, blocked: bool = False) -> str:
    """Where the entry is now; empty where there is nothing to say of it any more.

    ``blocked``: an earlier entry of its record waits for a person, and this one waits for that.
    """
    if entry is None:
        return ""
    if blocked:
        return translate(
            "saving",
            "Saved on this computer; an earlier entry of this record needs your decision in the Sync centre.",
        )
    return _words().get(entry.state, "")  # one that was replaced or discarded has said all


def _words() -> dict[str, str]:
    goes = translate("saving", "Saved on this computer; it is sent when the server can be reached.")
    return {
        "queued": goes,
        "sending": goes,
        "unknown": goes,
        "failed": translate("saving", "Saved on this computer; the school does not have it yet."),
        "giving_back": translate(
            "saving", "Saved on this computer; the school's server lost it and gets it back by itself."
        ),
        "parked": translate(
            "saving", "The school did not accept it; it is kept here and needs you. See the Sync centre."
        ),
        "conflict": translate(
            "saving", "In conflict with the school; it is kept here and needs you. See the Sync centre."
        ),
        "handed_over": translate("saving", "Handed to the registrar, who decides."),
        "declined": translate("saving", "The registrar did not accept it; it is not at the school."),
        "applied": translate("saving", "Saved at the school."),
    }
