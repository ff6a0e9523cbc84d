"""Backups of the whole database, by the database's own means, and putting one back (R13, S22)."""


class BackupError(Exception):
    """A backup that can't be made or used; the message says why and what to do. Nothing was changed."""
