"""PostgreSQL: pg_dump's custom form, put back by one transaction that keeps the old tables aside."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import IO

from sqlalchemy import URL, Connection, inspect, text

from rollbook.domain.checkpoints import passed
from rollbook.server.backups import BackupError
from rollbook.server.backups.programs import Programs, failed
from rollbook.server.database import Database

_MAGIC = b"PGDMP"
_ASIDE = "before_restore_"
_REVISION_TABLE = "alembic_version"
_END_OF_ROWS = "\\."
_CHUNK = 1024 * 1024
# Of programs newer than the server, which does not know it.
_NOT_EVERYBODY_KNOWS = b"SET transaction_timeout = 0;\n"
# A rename locks no table: without this, a transaction under way would write on, half into the old tables and
# half into the new. What runs may end well; what then holds a table still, or waits for one, is ended, to be
# tried again by whoever asked: it may have read the old state. What comes later waits for the COMMIT at its
# first table, and looks that one's name up anew. pg_stat_activity stands still until it is cleared.
_ALONE = """
DO $alone$
DECLARE
    tables text;
    other integer;
    held boolean := false;
BEGIN
    SELECT string_agg(oid::regclass::text, ', ' ORDER BY oid) INTO tables
        FROM pg_class WHERE relnamespace = '{aside}'::regnamespace AND relkind IN ('r', 'p');
    PERFORM set_config('lock_timeout', '{patience}', true);
    FOR attempt IN 1..{attempts} LOOP
        BEGIN
            EXECUTE 'LOCK TABLE ' || tables || ' IN ACCESS EXCLUSIVE MODE';
            held := true;
        EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
            NULL;
        END;
        PERFORM pg_stat_clear_snapshot();
        FOR other IN SELECT pid FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()
            AND backend_type = 'client backend' AND xact_start IS NOT NULL
        LOOP
            BEGIN
                PERFORM pg_terminate_backend(other);
            EXCEPTION WHEN insufficient_privilege THEN
                NULL;
            END;
        END LOOP;
        EXIT WHEN held;
    END LOOP;
    IF NOT held THEN
        RAISE EXCEPTION 'another program keeps the tables locked: end it first';
    END IF;
END
$alone$;
"""
_PATIENCE = "2s"  # longer than PostgreSQL takes to see a deadlock, and to end a vacuum of its own
_ATTEMPTS = 5


class PostgresqlBackups:
    """Backups of the database that ``database`` is connected to, by programs that talk to ``url``."""

    def __init__(self, database: Database, url: URL, folder: str) -> None:
        self._database = database
        server = database.read(_major_version)
        self._programs = Programs(url, server, folder)

    def make(self, part: Path) -> None:
        """Dump the database as it is at one moment; the server reads and writes on."""
        self._programs.run(
            "pg_dump",
            "--format=custom",
            "--no-owner",
            "--no-privileges",
            "--lock-wait-timeout=30s",
            f"--exclude-schema={_ASIDE}*",
            f"--file={part}",
            f"--dbname={self._programs.database}",
        )

    def examine(self, file: Path) -> str:
        """The schema's revision of a backup that is sound. Raises :class:`BackupError` for any other."""
        with file.open("rb") as content:
            if content.read(len(_MAGIC)) != _MAGIC:
                raise BackupError(f"{file} is no backup of a PostgreSQL database.")
        try:
            self._programs.run("pg_restore", f"--file={os.devnull}", str(file))  # reads and unpacks all of it
            said = self._programs.run(
                "pg_restore", "--data-only", f"--table={_REVISION_TABLE}", "--file=-", str(file)
            )
        except BackupError as error:
            raise BackupError(f"The backup {file} can't be used. {error}") from error
        lines = iter(said.splitlines())
        for line in lines:
            if line.startswith("COPY "):
                return next(lines, _END_OF_ROWS).removesuffix(_END_OF_ROWS)
        return ""

    def is_empty(self) -> bool:
        """Whether there is nothing that a restore would replace."""
        return not self._database.read(lambda connection: inspect(connection).get_table_names("public"))

    def is_served(self) -> bool:
        """Whether a server is connected to it."""
        return bool(self._database.read(_servers))

    def put_back(self, backup: Path, stamp: str, *, empty: bool, served: bool) -> str:
        """Replace the tables by a backup's; gives the schema in which the old ones are kept, or "".

        All in one transaction: whoever is connected sees the old state until the moment of the new one, and
        no transaction sees or writes both: see ``_ALONE``.
        """
        aside = "" if empty else f"{_ASIDE}{stamp.replace('-', '_')}"
        first, last = "BEGIN;\n", "\nCOMMIT;\nANALYZE;\n"
        if aside:
            first += f"ALTER SCHEMA public RENAME TO {aside};\nCREATE SCHEMA public;\n"
            last = _ALONE.format(aside=aside, patience=_PATIENCE, attempts=_ATTEMPTS) + last
        written = self._programs.command(
            "pg_restore", "--no-owner", "--no-privileges", "--no-comments", "--file=-", str(backup)
        )
        asked = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output", os.devnull]
        taken = self._programs.command("psql", *asked, f"--dbname={self._programs.database}")
        self._piped(written, taken, first, last)
        return f"the schema {aside}" if aside else ""

    def _piped(self, written: list[str], taken: list[str], first: str, last: str) -> None:
        pipe = subprocess.PIPE
        with (
            self._programs.start(taken, stdin=pipe, stderr=pipe) as psql,
            self._programs.start(written, stdout=pipe) as restore,
        ):
            assert psql.stdin is not None
            assert psql.stderr is not None
            assert restore.stdout is not None
            try:
                psql.stdin.write(first.encode())
                _pour(restore.stdout, psql.stdin)
                passed("server.restore.poured")
                if restore.wait() == 0:  # else the end comes without a COMMIT, and all is undone
                    psql.stdin.write(last.encode())
                psql.stdin.close()
            except BrokenPipeError:  # psql has met an error, and tells it
                restore.kill()
                with suppress(BrokenPipeError):
                    psql.stdin.close()
            said = psql.stderr.read().decode(errors="replace")
        if psql.returncode or restore.returncode:
            name = "psql" if psql.returncode else "pg_restore"
            raise BackupError(f"{failed(name, said)}. The database is as it was.")


def _pour(source: IO[bytes], target: IO[bytes]) -> None:
    beginning = source.read(_CHUNK)
    target.write(beginning.replace(_NOT_EVERYBODY_KNOWS, b"", 1))
    while chunk := source.read(_CHUNK):
        target.write(chunk)
    target.flush()


def _major_version(connection: Connection) -> int:
    return int(connection.execute(text("SHOW server_version_num")).scalar_one()) // 10_000


def _servers(connection: Connection) -> int:
    asked = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND application_name IN ('rollbook-server', 'rollbook-notices')"
    )
    return int(connection.execute(asked).scalar_one())
