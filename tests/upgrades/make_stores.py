"""Writes the stores of a release with that release's own code; see the README beside it.

Run it with the release's `core` and `tests` folders first on PYTHONPATH; today's code must not be found.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import rollbook
from rollbook.client.opening import open_client
from rollbook.client.settings import load_settings
from rollbook.client.values import Edit
from support.server_process import CHEAP_HASHES, PASSWORD, free_port

_SCHOOL = "Λύκειο Χανίων"
_ENV = {**os.environ, **CHEAP_HASHES, "ROLLBOOK_KEYRING": "0"}


class Made:
    """A school's server and its desks, all in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "school.sqlite3"
        self._env = _ENV | {
            "ROLLBOOK_DATABASE": f"sqlite:///{self.database}",
            "ROLLBOOK_LOG_DIR": str(folder / "logs"),
        }
        self._port = free_port()
        self._server: subprocess.Popen[str] | None = None

    def user(self, name: str, role: str) -> None:
        """A user of the one school."""
        arguments = ["create-user", name, "--role", role, "--school", _SCHOOL, "--create-school"]
        program = [sys.executable, "-m", "rollbook.server", *arguments, "--password-stdin"]
        subprocess.run(program, env=self._env, input=PASSWORD + "\n", text=True, check=True)

    def start(self, killed_at: str | None = None) -> None:
        """Start the release's server."""
        program = (
            ["rollbook.server"] if killed_at is None else ["support.killed_at", killed_at, "rollbook-server"]
        )
        arguments = [sys.executable, "-m", *program, "serve", "--port", str(self._port)]
        self._server = subprocess.Popen(arguments, env=self._env, stdout=subprocess.PIPE, text=True)
        assert self._server.stdout is not None
        assert "ready" in self._server.stdout.readline()

    def stop(self) -> None:
        """End it, if nothing else has."""
        assert self._server is not None
        self._server.terminate()
        self._server.wait()

    def set_role(self, user: str, role: str) -> None:
        """As an administrator would, for a while."""
        with closing(sqlite3.connect(self.database, timeout=10)) as connection:
            connection.execute(
                "UPDATE membership SET role=? WHERE user_id=(SELECT id FROM app_user WHERE name=?)",
                (role, user),
            )
            connection.commit()

    def connect(self, user: str) -> "DeskMaker":
        """A computer of that user."""
        desk = DeskMaker(self.folder / user)
        desk.ctl(
            "connect", f"http://127.0.0.1:{self._port}", "--user", user, "--password-stdin", given=PASSWORD
        )
        desk.ctl("sync")
        return desk


class DeskMaker:
    """A data folder and what is done in it."""

    def __init__(self, data: Path) -> None:
        self.data = data

    def ctl(self, *arguments: str, given: str = "", killed_at: str | None = None) -> dict[str, Any]:
        """The release's `rollbookctl`."""
        program = ["rollbook.cli"] if killed_at is None else ["support.killed_at", killed_at, "rollbookctl"]
        done = subprocess.run(
            [sys.executable, "-m", *program, "--data", str(self.data), "--json", *arguments],
            env=_ENV,
            input=given + "\n",
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        assert done.returncode in ((-9,) if killed_at else (0, 3)), done
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def add(self, **values: str) -> str:
        """A student; gives the id."""
        return str(self.ctl("students", "add", *(f"{name}={value}" for name, value in values.items()))["id"])

    def change(self, student: str, **values: str) -> None:
        """An edit."""
        self.ctl("students", "set", student, *(f"{name}={value}" for name, value in values.items()))

    def import_run(self) -> None:
        """Several students under one run id."""
        client = open_client(self.data, settings=load_settings(self.data, {"ROLLBOOK_KEYRING": "0"}))
        names = ("Ἀλέξανδρος", "Βασιλική", "Γεώργιος", "Δέσποινα", "O’Connor")
        edits = [
            Edit("student", None, {"given_name": name, "student_number": str(100 + number)})
            for number, name in enumerate(names)
        ]
        client.save_many(edits, client.new_run())
        client.close()


def _all_kinds(school: Made) -> None:
    """Everything that can wait in an outbox."""
    school.start()
    registrar, colleague = school.connect("registrar"), school.connect("colleague")
    eleni = registrar.add(given_name="Ελένη", family_name="Παπαδοπούλου", phone="210 1")
    nikos = registrar.add(given_name="Νίκος", family_name="Ξυλούρης")
    lukasz = registrar.add(given_name="Łukasz", family_name="Żółć", native_name="王小明")
    zoe = registrar.add(given_name="Zoë", family_name="Ångström")
    registrar.ctl("sync")
    _conflict(registrar, colleague, eleni)
    _parked(school, registrar, nikos)
    _sending(school)
    school.stop()
    _unknown(school, registrar)
    registrar.add(given_name="Αθηνά")
    registrar.change(lukasz, phone="22 1")
    registrar.change(lukasz, phone="22 2", homeroom="Β2")
    registrar.ctl("students", "archive", zoe)
    registrar.import_run()
    for user in ("registrar", "colleague", "secretary"):
        _tidy(school.folder / user)


def _conflict(registrar: DeskMaker, colleague: DeskMaker, student: str) -> None:
    colleague.ctl("sync")
    colleague.change(student, phone="210 2")
    colleague.ctl("sync")
    registrar.change(student, phone="210 3")
    registrar.change(student, email="eleni@example.org")
    registrar.ctl("sync")


def _parked(school: Made, registrar: DeskMaker, student: str) -> None:
    school.set_role("registrar", "viewer")
    registrar.change(student, phone="28210 1")
    registrar.change(student, homeroom="Γ1")
    registrar.ctl("sync")
    school.set_role("registrar", "registrar")


def _sending(school: Made) -> None:
    secretary = school.connect("secretary")
    secretary.add(given_name="Θάλεια")
    secretary.ctl("sync", killed_at="client.push.before_send")


def _unknown(school: Made, registrar: DeskMaker) -> None:
    school.start(killed_at="server.push.committed")
    sofia = registrar.add(given_name="Σοφία")
    registrar.change(sofia, phone="2310 1")
    registrar.ctl("sync")
    school.stop()


def _least(school: Made) -> None:
    """The least: what the school has, and entries that wait."""
    school.start()
    registrar = school.connect("registrar")
    eleni = registrar.add(given_name="Ελένη", family_name="Παπαδοπούλου")
    registrar.ctl("sync")
    school.stop()
    registrar.change(eleni, phone="210 9")
    registrar.add(given_name="Αθηνά")
    _tidy(registrar.data)


def _tidy(data: Path) -> None:
    """Leave out what is of no use later, and have the store's log taken into its file."""
    for each in (*data.glob("accounts/*/credentials.json"), *data.glob("accounts/*/*.lock")):
        each.unlink()
    for cache in data.glob("accounts/*/cache"):
        shutil.rmtree(cache)
    for store in data.glob("accounts/*/store.sqlite3"):
        with closing(sqlite3.connect(store)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def main() -> None:
    """`make_stores.py all|least FOLDER`."""
    what, folder = sys.argv[1], Path(sys.argv[2]).resolve()
    print("the code of", rollbook.__path__)
    folder.mkdir(parents=True)
    school = Made(folder)
    for user in ("registrar", "colleague", "secretary"):
        school.user(user, "registrar")
    try:
        {"all": _all_kinds, "least": _least}[what](school)
    finally:
        school.stop()
    with closing(sqlite3.connect(school.database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.rmtree(folder / "logs", ignore_errors=True)


if __name__ == "__main__":
    main()
