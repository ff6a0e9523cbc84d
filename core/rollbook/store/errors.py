"""What can go wrong with the store, in our words (H5). Each message says what to do."""


class StoreError(Exception):
    """The store on this computer cannot do what was asked; nothing was half done."""

    advice = ""

    def __init__(self, cause: str) -> None:
        super().__init__(f"{self.advice} ({cause})")


class StoreFullError(StoreError):
    """The disk is full or fails."""

    advice = (
        "The disk of this computer is full or fails; the entry was not saved. Free some space and save again."
    )


class StoreLockedError(StoreError):
    """Another program holds the store too long."""

    advice = "Another program holds Rollbook's data on this computer. Close it and save again."


class StoreDamagedError(StoreError):
    """The file is no store that this version can read."""

    advice = "Rollbook's data on this computer cannot be read. It was left as it is; tell support."


class NotAllowedNowError(Exception):
    """The entry is in a state in which this must not be done; the message says why."""
