"""Plain SQL on the server's database, past the server: what the judge reads."""

import sqlite3
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url


class PlainSql:
    """A connection of its own to SQLite or PostgreSQL; parameters are ``?`` in either."""

    def __init__(self, database: str) -> None:
        url = make_url(database)
        self._postgresql = url.get_backend_name() == "postgresql"
        self._connection: Any = (
            psycopg.connect(
                url.set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True
            )
            if self._postgresql
            else sqlite3.connect(str(url.database), isolation_level=None)
        )

    def rows(self, query: str, *parameters: Any) -> list[Any]:
        """Rows."""
        said = query.replace("?", "%s") if self._postgresql else query
        return list(self._connection.execute(said, parameters).fetchall())

    def copy_to(self, file: Path) -> None:
        """A plain copy of the whole database as it is now; SQLite alone."""
        assert not self._postgresql
        file.unlink(missing_ok=True)
        with sqlite3.connect(file) as copy:
            self._connection.backup(copy)
        copy.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
