"""A backup of the school's server by a plain copy of its file, and putting it back."""

import shutil
from pathlib import Path

from support.school_server import SchoolServer


class FileBackup:
    """Copies of the SQLite file of a server in this process, taken while nobody writes."""

    def __init__(self, school: SchoolServer) -> None:
        self._school = school
        self._file = Path(str(school.parts.database.engine.url.database))

    def take(self, name: str = "backup") -> Path:
        """A copy of the database as it is now."""
        self._school.parts.database.close()  # the last connection brings all into the one file
        copy = self._file.with_name(f"{name}.sqlite3")
        shutil.copy(self._file, copy)
        return copy

    def put_back(self, copy: Path) -> None:
        """The server has the state of ``copy`` from now on."""
        self._school.parts.database.close()
        for rest in ("-wal", "-shm"):
            Path(f"{self._file}{rest}").unlink(missing_ok=True)
        shutil.copy(copy, self._file)
