"""What can be wrong with a whole file. What is wrong with a row is a finding of the plan, not an error."""


class ExchangeError(Exception):
    """A file that cannot be taken in. ``code`` is stable; the texts are for people and say what to do."""

    def __init__(self, code: str, message: str, suggestion: str) -> None:
        super().__init__(f"{message} {suggestion}")
        self.code = code
        self.message = message
        self.suggestion = suggestion


class UnreadableFileError(ExchangeError):
    """The file is missing, closed to this user, too large, or the disk failed."""


class NotATableError(ExchangeError):
    """The file is not a table of text. ``looks_like`` names what it seems to be, for example ``PDF``."""

    def __init__(self, looks_like: str, message: str, suggestion: str) -> None:
        super().__init__("not-a-table", message, suggestion)
        self.looks_like = looks_like


class ColumnsError(ExchangeError):
    """The columns cannot be matched to what a student has."""


class UnwritableFileError(ExchangeError):
    """The file cannot be written: its folder, its name, the disk."""


class NotPrintableError(ExchangeError):
    """The paper cannot be made: what it would say is not known, or the typesetter fails."""
