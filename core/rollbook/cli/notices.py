"""What befell the store on this computer, said before every answer until it was read (S28, D3)."""

from rollbook.client.facade import Client
from rollbook.client.values import StoreNotice

_AGAIN = "Once you have read this: rollbookctl status --seen"


def lines(client: Client) -> list[str]:
    """What is to be said; nothing, mostly."""
    notices = client.status().notices
    return [*(_words(notice) for notice in notices), _AGAIN] if notices else []


def _words(notice: StoreNotice) -> str:
    day = notice.at[:10]
    if notice.kind == "damaged":
        return (
            f"On {day} the data on this computer was found damaged. The damaged file is kept: {notice.aside} "
            f"A new store was begun; what the school has is fetched again. {_entries(notice)}"
        )
    if notice.kind == "missing":
        return (
            f"On {day} the data on this computer was gone, and a new store was begun. What the school has is "
            f"fetched again. {_entries(notice)}"
        )
    if notice.kind == "erased":
        return _erased(notice)
    told = f"On {day} a part of the data on this computer was gone: what was written last."
    if notice.lost:
        return f"{told} Up to {notice.lost} of the last entries are missing; enter again what is not there."
    return f"{told} Entries made shortly before may be missing; look whether the last ones are there."


def _erased(notice: StoreNotice) -> str:
    """That the promise ends here, without a word of who it was."""
    entries = (
        "1 entry of yours about this person was"
        if notice.lost == 1
        else f"{notice.lost} entries of yours about this person were"
    )
    return (
        f"On {notice.at[:10]} a person was erased at the school on request, by {notice.by}. {entries} still "
        f"waiting here, the first made on {notice.entered_at[:10]}: not saved, and gone with them, as the "
        "law asks. There is nothing to do."
    )


def _entries(notice: StoreNotice) -> str:
    kept = f"{notice.kept} waiting entries were saved from it."
    if notice.lost:
        return f"{kept} {notice.lost} could not be read."
    if not notice.whole:
        return f"{kept} Whether there were more cannot be known."
    return f"{kept} None was lost."
