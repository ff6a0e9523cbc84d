"""A school of two desks and a server, each a real process on files of its own, to be killed over and over."""

import asyncio
import contextlib
import gc
import importlib
import json
import os
import random
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import certifi
import structlog

from crash import desk_work
from crash.desk_work import SHARED, Desk, read_ledger
from crash.forking import KILLED, Child, ReadyLine
from crash.judging import AtDesk, Fault, after_a_kill, after_healing, read_desk, read_school
from rollbook.client.opening import connect, current_account
from rollbook.domain.clock import SystemClock
from rollbook.domain.roles import Role
from rollbook.server.commands.serve import serve
from rollbook.server.database import Database
from rollbook.server.migrating import migrate
from rollbook.server.settings import read_settings
from support.killed_at import kill_at
from support.school_server import SchoolServer, settings_for
from support.server_process import CHEAP_HASHES, PASSWORD, free_port

DESKS, SHARED_STUDENTS = 2, 3
_STARTED_WITHIN, _HEALED_WITHIN, _ENDED_WITHIN = 60.0, 60.0, 60.0
_LOOK_EVERY = 0.01
_CRITICAL = 50
_END_OF_CERTIFICATE = "-----END CERTIFICATE-----"


@dataclass(slots=True)
class KilledSchool:
    """Its files lie in ``folder``: the school's database, two data folders, their ledgers."""

    folder: Path
    port: int
    desks: tuple[Desk, ...]
    server: Child | None = None
    sessions: int = 0
    at_work: list[Child] = field(default_factory=list)

    @property
    def database(self) -> Path:
        """The server's file."""
        return self.folder / "school.sqlite3"

    @property
    def errors(self) -> Path:
        """Where a child that falls by itself writes why."""
        return self.folder / "errors.txt"

    def start_server(self) -> None:
        """A fresh process on the same port and file; SIGUSR1 has it die at the point in ``dies_at``."""
        line = ReadyLine()
        self.server = Child(lambda: self._serve(line), self.errors)
        said = line.hear(_STARTED_WITHIN)
        assert said.startswith("Rollbook server ready"), (said, self.why())

    def _serve(self, line: ReadyLine) -> None:
        line.speak()
        signal.signal(signal.SIGUSR1, lambda *_: self._die_where_told())
        settings = read_settings(
            None,
            CHEAP_HASHES,
            database=f"sqlite:///{self.database}",
            log_dir=str(self.folder / "logs"),
            log_level="ERROR",
            sign_in_attempts=100_000,
            sign_in_attempts_per_address=100_000,
        )
        try:
            serve(settings, SystemClock(), "127.0.0.1", self.port, 1)
        finally:
            _say_what_is_imported(self.folder)

    def _die_where_told(self) -> None:
        point, _, nth = (self.folder / "dies_at").read_text(encoding="utf-8").partition(":")
        kill_at(point, int(nth or 1))

    def server_dies_at(self, point: str) -> None:
        """Have the running server kill itself when it next passes that point."""
        assert self.server is not None
        (self.folder / "dies_at").write_text(point, encoding="utf-8")
        self.server.signal(signal.SIGUSR1)

    def work(self, desk: Desk, rounds: int, seed: str, killed_at: str | None = None) -> Child:
        """Somebody begins to work at the desk."""
        self.sessions += 1
        session = self.sessions
        child = Child(lambda: desk_work.work(desk, session, rounds, killed_at, seed), self.errors)
        self.at_work.append(child)
        return child

    def server_falls(self) -> bool:
        """Wait until the server has killed itself; ``False`` where the desks end without that."""
        assert self.server is not None
        while not self.server.wait(_LOOK_EVERY):
            if all(child.ended() for child in self.at_work):
                return self.server.ended()
        return True

    def all_finish(self) -> None:
        """Whoever still works comes to an end by themselves; none may fall."""
        for child in self.at_work:
            assert child.wait(_ENDED_WITHIN), "a desk does not come to an end"
            assert child.code in (0, KILLED), (child.code, self.why())
        self.at_work = []

    def look(self) -> list[Fault]:
        """What is wrong right after a kill."""
        return list(after_a_kill(read_school(self.database), self._at_desks()))

    def heal_and_judge(self) -> list[Fault]:
        """Fresh processes, nothing that disturbs; then all is compared. The server is ended in good order."""
        healed: dict[int, dict[str, object]] = {}
        for desk in (*self.desks, *self.desks):
            told = self.folder / f"healed{desk.number}.json"
            told.unlink(missing_ok=True)
            child = Child(lambda desk=desk, told=told: desk_work.heal(desk, told), self.errors)  # type: ignore[misc]
            done = child.wait(_HEALED_WITHIN)
            child.kill()
            healed[desk.number] = (
                json.loads(told.read_text(encoding="utf-8"))
                if done and told.exists()
                else {"up_to_date": False, "why": self.why()}
            )
        self.stop_server()
        school = read_school(self.database)
        return list(
            after_healing(school, [replace(at, healed=healed[at.desk.number]) for at in self._at_desks()])
        )

    def stop_server(self) -> None:
        """End it in good order."""
        assert self.server is not None
        self.server.signal(signal.SIGTERM)
        assert self.server.wait(_ENDED_WITHIN), "the server does not come to an end"

    def _at_desks(self) -> Iterator[AtDesk]:
        for desk in self.desks:
            account = current_account(desk.data)
            assert account is not None
            yield read_desk(desk, account.store, read_ledger(desk))

    def saves(self) -> tuple[int, int, int]:
        """(saves that were tried, those that returned, entries that are stored)."""
        found = list(self._at_desks())
        tried = sum(len(at.noted) for at in found)
        returned = sum(noted.op_id is not None for at in found for noted in at.noted)
        return tried, returned, sum(len(at.entries) for at in found)

    def why(self) -> str:
        """The end of what children that fell have written."""
        return self.errors.read_text(encoding="utf-8")[-2000:] if self.errors.exists() else ""

    def end(self) -> None:
        """No process is left behind."""
        for child in (*self.at_work, *([self.server] if self.server else [])):
            child.kill()


def make_template(folder: Path) -> int:
    """A migrated school with a few students that all may write, and two desks that have read it; its port."""
    folder.mkdir(parents=True)
    school = KilledSchool(folder, free_port(), _desks(folder))
    try:
        _in_a_child(school, lambda: _make(folder))
        school.start_server()
        names = json.loads((folder / "names.json").read_text(encoding="utf-8"))
        for desk, name in zip(school.desks, names, strict=True):
            _in_a_child(school, lambda desk=desk, name=name: _connect(school, desk, name))  # type: ignore[misc]
            _import_what_was_imported(desk.data)
        school.stop_server()
        _import_what_was_imported(folder)
    finally:
        school.end()
    gc.freeze()  # children share what is here, and their collectors leave it alone
    return school.port


def _make(folder: Path) -> None:
    database = Database(settings_for(f"sqlite:///{folder / 'school.sqlite3'}", folder), SystemClock())
    migrate(database)
    database.close()
    server = SchoolServer(f"sqlite:///{folder / 'school.sqlite3'}", folder, sign_in_attempts=1000)
    names = [server.user(Role.REGISTRAR) for _ in range(DESKS)]
    writer = server.desk(Role.REGISTRAR)
    for number in range(SHARED_STUDENTS):
        writer.student(given_name=SHARED, family_name=f"{SHARED}{number}")
    (folder / "names.json").write_text(json.dumps(names), encoding="utf-8")
    server.close()


def _connect(school: KilledSchool, desk: Desk, name: str) -> None:
    url = f"http://127.0.0.1:{school.port}"
    asyncio.run(connect(desk.data, url, name, PASSWORD, settings=desk.settings()))
    desk_work.heal(desk, school.folder / "connected.json")
    _say_what_is_imported(desk.data)


def _say_what_is_imported(folder: Path) -> None:
    (folder / "modules.json").write_text(json.dumps(list(sys.modules)), encoding="utf-8")


def _import_what_was_imported(folder: Path) -> None:
    """So that no child imports anything at its own cost."""
    for name in json.loads((folder / "modules.json").read_text(encoding="utf-8")):
        if name != "__main__" and name not in sys.modules:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)


def _in_a_child(school: KilledSchool, work: Callable[[], None]) -> None:
    child = Child(work, school.errors)
    assert child.wait(_STARTED_WITHIN), "the template is not made"
    assert child.code == 0, school.why()


def _desks(folder: Path) -> tuple[Desk, ...]:
    return tuple(
        Desk(number, folder / f"data{number}", folder / f"ledger{number}") for number in range(DESKS)
    )


@contextmanager
def killed_school(template: Path, folder: Path, port: int) -> Iterator[KilledSchool]:
    """The template copied into ``folder``, and its server running."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(template, folder)
    school = KilledSchool(folder, port, _desks(folder))
    try:
        school.start_server()
        yield school
    finally:
        school.end()


def alone(folder: Path) -> None:
    """Nothing of this user's surroundings: no proxies, no settings; one authority is read quickly."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or (name.startswith("ROLLBOOK_") and "TEST" not in name):
            del os.environ[name]
    first, end, _rest = Path(certifi.where()).read_text(encoding="utf-8").partition(_END_OF_CERTIFICATE)
    (folder / "authority.pem").write_text(first + end + "\n", encoding="utf-8")
    os.environ["SSL_CERT_FILE"] = str(folder / "authority.pem")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(_CRITICAL))


def a_seed(chance: random.Random) -> str:
    """For a child's own chance."""
    return str(chance.getrandbits(64))
