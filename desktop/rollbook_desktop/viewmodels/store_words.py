"""What befell this computer's store, and what keeps it from being written, in words (S28)."""

from PySide6.QtCore import QCoreApplication

from rollbook.client.values import Status, StoreNotice

translate = QCoreApplication.translate
Notice = StoreNotice
"""For the screens, which do not know the core."""


def notice_words(notice: StoreNotice) -> str:
    """What happened, what was saved, and where the old file is."""
    day = notice.at[:10]
    if notice.kind == "log_lost":
        told = translate(
            "store",
            "On {day} a part of the data on this computer was gone: what was written last. Look whether "
            "the last entries made before are there.",
        ).format(day=day)
        missing = translate("store", "Up to %n entry(ies) are missing.", "", notice.lost)
        return f"{told} {missing}" if notice.lost else told
    if notice.kind == "erased":
        return _erased(notice)
    if notice.kind == "missing":
        told = translate("store", "On {day} the data on this computer was gone, and was begun anew.")
        return f"{told.format(day=day)} {_saved(notice)}"
    told = translate(
        "store", "On {day} the data on this computer was found damaged, and was begun anew."
    ).format(day=day)
    where = translate("store", "The damaged file is kept: {file}").format(file=notice.aside)
    return f"{told} {_saved(notice)}\n\n{where}"


def _erased(notice: StoreNotice) -> str:
    """That entries ended with a person who was erased (D3); nothing tells who it was."""
    told = translate("store", "On {day} a person was erased at the school on request, by {by}.").format(
        day=notice.at[:10], by=notice.by
    )
    ended = translate("store", "%n entry(ies) about this person still waited here.", "", notice.lost)
    why = translate(
        "store",
        "The first was made on {day}. They were not saved, and are gone with the person, as the law asks. "
        "There is nothing to do.",
    ).format(day=notice.entered_at[:10])
    return f"{told} {ended} {why}"


def _saved(notice: StoreNotice) -> str:
    kept = translate("store", "%n waiting entry(ies) were saved from it.", "", notice.kept)
    if notice.lost:
        return f"{kept} {translate('store', '%n could not be read.', '', notice.lost)}"
    if not notice.whole:
        return f"{kept} {translate('store', 'Whether there were more cannot be known.')}"
    return f"{kept} {translate('store', 'None was lost.')}"


def trouble_words(status: Status) -> str:
    """Why nothing can be saved on this computer just now; empty when it can."""
    known = {
        "store_full": translate(
            "store", "The disk of this computer is full: nothing can be saved. Free some space."
        ),
        "store_read_only": translate(
            "store", "Rollbook may not write to its folder: nothing can be saved. Make the folder writable."
        ),
        "store_locked": translate(
            "store", "Another program holds Rollbook's data on this computer. Close it to go on saving."
        ),
        "store_damaged": translate(
            "store",
            "Rollbook's data on this computer is damaged. Close Rollbook and start it again: what waits is "
            "saved from it, and nothing is deleted.",
        ),
    }
    return next((known[word] for word in status.outstanding if word in known), "")
