"""What can go wrong with the store, in our words (H5). Each message says what to do."""


class StoreError(Exception):
    """The store on this computer cannot do what was asked; nothing was half done."""

    advice = ""
    word = "store"
    """Stable, for the status and for programs."""

    def __init__(self, cause: str) -> None:
        super().__init__(f"{self.advice} ({cause})")
        self.cause = cause


class StoreFullError(StoreError):
    """The disk is full or fails."""

    word = "store_full"
    advice = (
        "The disk of this computer is full or fails; the entry was not saved. Free some space and save again."
    )


class NoRoomToRescueError(StoreFullError):
    """The store is damaged, and the disk has no room for a new one. It is as it was."""

    advice = (
        "Rollbook's data on this computer is damaged, and the disk is too full to save the entries from it. "
        "Nothing was deleted. Free some space and start Rollbook again: then it saves them."
    )


class StoreReadOnlyError(StoreError):
    """The folder or the file may be read but not written."""

    word = "store_read_only"
    advice = (
        "Rollbook may not write to its folder on this computer; the entry was not saved. "
        "Make the folder writable and save again."
    )


class StoreLockedError(StoreError):
    """Another program holds the store too long."""

    word = "store_locked"
    advice = "Another program holds Rollbook's data on this computer. Close it and save again."


class StoreDamagedError(StoreError):
    """The file is no store that this version can read."""

    word = "store_damaged"
    advice = (
        "Rollbook's data on this computer cannot be read. Nothing was deleted. Close Rollbook and start it "
        "again: it sets the damaged file aside and saves the entries that can be read."
    )


class NewerStoreError(StoreDamagedError):
    """The file is sound, but a later version of Rollbook wrote it."""

    word = "store_newer"
    advice = (
        "A later version of Rollbook wrote the data on this computer. It was left as it is. "
        "Install that version again."
    )


class NotAllowedNowError(Exception):
    """The entry is in a state in which this must not be done; the message says why."""
